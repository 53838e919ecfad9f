package main

import (
	"fmt"
	"runtime/debug"
)

// version is set by the linker for releases.
var version string

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(w *world) error {
	v := version
	if v == "" {
		v = "development"
		if info, ok := debug.ReadBuildInfo(); ok {
			for _, s := range info.Settings {
				if s.Key == "vcs.revision" {
					v += " " + s.Value
				}
			}
		}
	}
	_, err := fmt.Fprintln(w.stdout, "candor", v)
	if err != nil {
		return fmt.Errorf("print version: %w", err)
	}
	return nil
}
