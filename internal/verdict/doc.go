// Package verdict holds the words of judgement as data: Verdict, defect codes, questions, and the shapes of a defect,
// promise, answer and finding as `--json` prints them (schema candor/check/v1).
//
// Here: closed sets and plain structs. Not here: how a verdict is reached (coverage, detect, answer) or shown (term, report).
//
// Start at Verdict: its zero value is CannotSay, so that whatever was forgotten can never read as "fine".
package verdict
