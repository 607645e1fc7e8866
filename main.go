// Command strava-token turns a stored Strava refresh token into an access token
// and keeps the refresh token alive while doing so.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"strava-token/internal/cli"
)

func main() {
	// A closed standard output must not end the run between the token request
	// and the store.
	signal.Ignore(syscall.SIGPIPE)
	// The context is never given back to the default handling: a second signal
	// must not end the run either. As PID 1 in the container a handler is what
	// makes a signal arrive at all.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	status := cli.Run(ctx, cli.Process{
		Args:   os.Args[1:],
		Getenv: os.Getenv,
		Stdin:  os.Stdin,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
	})
	stop()
	os.Exit(status)
}
