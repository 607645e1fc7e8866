package cli

import (
	"context"
	"errors"
	"fmt"

	"strava-token/internal/provider"
)

// statusError ends a command that has already said why.
type statusError provider.Status

func (s statusError) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// Status is what the command ends with.
func (s statusError) Status() provider.Status { return provider.Status(s) }

// ended is the end of a command that has said why, or nil if all went well.
func ended(status provider.Status) error {
	if status == provider.Done {
		return nil
	}
	return statusError(status)
}

func isStatus(err error) bool {
	var s statusError
	return errors.As(err, &s)
}

// interrupted is what a command ends with that was told to stop while it asked or
// waited: 128 and the number of SIGINT, as shells have it.
const interrupted provider.Status = 130

// statusOf is what the process ends with after err.
func statusOf(err error) provider.Status {
	var known interface{ Status() provider.Status }
	switch {
	case err == nil:
		return provider.Done
	case err == context.Canceled:
		return interrupted
	case errors.As(err, &known):
		return known.Status()
	}
	return provider.Failed
}
