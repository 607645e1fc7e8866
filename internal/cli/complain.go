package cli

import (
	"fmt"

	"strava-token/internal/action"
)

// complain prints a message to people at a terminal.
func complain(p Process, m action.Message) {
	_, _ = fmt.Fprintf(p.Stderr, "strava-token: error: %s\n", m.What)
	if m.Why != "" {
		_, _ = fmt.Fprintf(p.Stderr, "strava-token: why: %s\n", m.Why)
	}
	if m.Next != "" {
		_, _ = fmt.Fprintf(p.Stderr, "strava-token: hint: %s\n", m.Next)
	}
}
