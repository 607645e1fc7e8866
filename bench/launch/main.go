// Command launch measures whole processes against the sandbox, and prints what
// it found as two tables. bench/run builds what it needs and starts it.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// bench is what the measurements share.
type bench struct {
	bare         peer   // the floor that all are compared with
	own          peer   // strava-token
	measure      string // the program that starts a child and tells what it cost
	certificates string // the root certificates of the image
	dir          string // for the files that a runner mounts
	rounds       int
}

// peer is a program that does the same work. One that can't be run has a reason
// instead of a command.
type peer struct {
	name    string
	command []string
	missing string
}

// parsePeer reads NAME=PROGRAM, its arguments each behind a tab, or NAME=!REASON.
func parsePeer(text string) (peer, error) {
	name, command, _ := strings.Cut(text, "=")
	if command == "" {
		return peer{}, fmt.Errorf("%q is not NAME=PROGRAM", text)
	}
	if reason, missing := strings.CutPrefix(command, "!"); missing {
		return peer{name: name, missing: reason}, nil
	}
	return peer{name: name, command: strings.Split(command, "\t")}, nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	var b bench
	var peers []peer
	bare := flag.String("bare", "", "the bare Go program")
	own := flag.String("strava-token", "", "the program, as the Dockerfile builds it")
	flag.StringVar(&b.measure, "measure", "", "the program that measures a child")
	flag.StringVar(&b.certificates, "certificates", "", "the root certificates that the image holds")
	flag.IntVar(&b.rounds, "rounds", 20, "how often each peer runs; strava-token runs five times as often")
	flag.Func("peer", "NAME=PROGRAM of a peer and its arguments, each behind a tab, or NAME=!REASON", func(text string) error {
		p, err := parsePeer(text)
		peers = append(peers, p)
		return err
	})
	flag.Parse()
	b.bare = peer{name: "bare Go: token, public key, write", command: []string{*bare}}
	b.own = peer{name: "**strava-token**", command: []string{*own, "action"}}

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
	results, err := b.compare(ctx, peers)
	if err != nil {
		return err
	}
	rows, err := b.limits(ctx, results)
	if err != nil {
		return err
	}
	fmt.Printf("Measured by `bench/run` on %s, %d CPUs, %s, %s/%s.\n\n", time.Now().UTC().Format(time.DateOnly),
		runtime.NumCPU(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	printResults(results)
	fmt.Println()
	printRows(rows)
	return nil
}
