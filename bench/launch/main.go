// Command launch measures whole processes against the sandbox, and prints what
// it found as two tables. bench/run builds what it needs and starts it.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// bench is what the measurements share.
type bench struct {
	stravaToken  string // the program that is measured
	bare         string // the floor it is compared with
	measure      string // starts a child and tells what it cost
	certificates string // the root certificates of the image
	dir          string // for the files that a runner mounts, and nothing else
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench: error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	var b bench
	var peers []peer
	flag.StringVar(&b.stravaToken, "strava-token", "", "the program, as the Dockerfile builds it")
	flag.StringVar(&b.bare, "bare", "", "the bare Go program")
	flag.StringVar(&b.measure, "measure", "", "the program that measures a child")
	flag.StringVar(&b.certificates, "certificates", "", "the root certificates that the image holds")
	rounds := flag.Int("rounds", 20, "how often each peer runs; strava-token runs five times as often")
	flag.Func("peer", "NAME=PROGRAM of a peer, and its arguments, each after a tab", func(text string) error {
		p, err := parsePeer(text)
		peers = append(peers, p)
		return err
	})
	flag.Func("missing", "NAME=REASON of a peer that cannot be run", func(text string) error {
		p, err := parseMissing(text)
		peers = append(peers, p)
		return err
	})
	flag.Parse()

	var err error
	if b.dir, err = os.MkdirTemp("", "strava-token-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	for _, name := range runnerFiles {
		if err := os.WriteFile(filepath.Join(b.dir, name), nil, 0o600); err != nil {
			return err
		}
	}

	own, results, err := b.compare(ctx, peers, *rounds)
	if err != nil {
		return err
	}
	rows, err := b.reach(ctx, own, *rounds)
	if err != nil {
		return err
	}
	image, err := imageRows(b.stravaToken, b.certificates)
	if err != nil {
		return err
	}
	fmt.Printf("Measured by `bench/run` on %s, %d CPUs, %s, %s/%s.\n\n", time.Now().UTC().Format(time.DateOnly),
		runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	printResults(os.Stdout, results)
	fmt.Println()
	printRows(os.Stdout, append(rows, image...))
	return nil
}
