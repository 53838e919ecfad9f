// Package confine gives up what a process may do once it has opened what it needs: files outside of named paths, new
// privileges, capabilities, and its user.
//
// Here: one call that does all of it for every thread, and says what of it this machine could do. Not here: opening
// sockets and files (before), the sandbox that systemd makes (around), and a filter of system calls, which systemd has.
//
// Start at Confine.
package confine

// Limits say what is left to the process.
type Limits struct {
	Read  []string // files and folders that may be read, with what is in them; missing ones are passed over
	Write []string // that may be read, written, made and removed, with what is in them
	UID   int      // user to become; 0: stay. GID must then be given too. It needs root
	GID   int
}

// Report says what holds from now on. What is false or empty this machine could not do, or had no need of.
type Report struct {
	Files        bool   // paths outside of the limits are out of reach (landlock)
	NoNewPrivs   bool   // no program that is started has more rights
	Capabilities string // those still there, in hexadecimal; "0" is none
	User         int    // the effective user
}
