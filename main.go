// Command strava-token turns a stored Strava refresh token into an access token
// and keeps the refresh token alive while doing so.
package main

import (
	"context"
	"io"
	"log"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"strava-token/internal/cli"
)

func main() {
	// Go's own packages log what passes through them: HTTP/2 under GODEBUG, and an
	// answer that nobody asked for. It may hold tokens.
	log.SetOutput(io.Discard)
	// A closed standard output must not end the run between the token request
	// and the store.
	signal.Ignore(syscall.SIGPIPE)
	// The context is never given back to the default handling: a second signal
	// must not end the run either. As PID 1 in the container a handler is what
	// makes a signal arrive at all.
	//
	// A signal that was ignored from the beginning stays so: nohup means it.
	ending := slices.DeleteFunc([]os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT}, signal.Ignored)
	ctx, _ := signal.NotifyContext(context.Background(), ending...)
	os.Exit(cli.Run(ctx, cli.Process{
		Args:    os.Args[1:],
		Getenv:  os.Getenv,
		Environ: os.Environ(),
		Stdin:   os.Stdin,
		Stdout:  os.Stdout,
		Stderr:  os.Stderr,
	}))
}
