// Package hub is the hub's run loop: it folds stored blocks into judges, keeps results current, and never judges by itself.
//
// Here: Fold, which takes the blocks of one sensor of one tenant in their order, waits for those that are missing, goes on without them
// and says so, and goes back when they come after all (fold.go); how far a judge has come and what it lacks (line.go); going back
// (redo.go); what is lost or late at a moment (lost.go). Not here: judging (judge), where blocks and snapshots lie (store), how they
// come (transport), who may ask (access, service).
//
// Start at Fold.
package hub
