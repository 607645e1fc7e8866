// Command launch measures whole processes against the sandbox, and prints what
// it found as two tables. bench/run builds what it needs and starts it.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// bench is what the measurements share.
type bench struct {
	built  string // the folder with the programs that bench/run built
	dir    string // for the files that a runner mounts
	rounds int    // how often each peer runs; strava-token runs five times as often
}

// peer is a program that does the same work. One that can't be run has a reason
// instead of a command.
type peer struct {
	name    string
	command []string
	missing string
}

// parsePeer reads NAME=PROGRAM, its arguments each behind a tab, or NAME=!REASON.
func parsePeer(text string) peer {
	name, command, _ := strings.Cut(text, "=")
	if reason, missing := strings.CutPrefix(command, "!"); missing {
		return peer{name: name, missing: reason}
	}
	return peer{name: name, command: strings.Split(command, "\t")}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

// run measures what bench/run names: the folder of programs, the number of rounds,
// and the peers.
func run(ctx context.Context, args []string) (err error) {
	b := &bench{built: args[0]}
	if b.rounds, err = strconv.Atoi(args[1]); err != nil || b.rounds < 1 {
		return fmt.Errorf("%q is no number of rounds", args[1])
	}
	if b.dir, err = os.MkdirTemp("", "strava-token-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	results, err := b.compare(ctx, args[2:])
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

func (b *bench) bare() []string { return []string{filepath.Join(b.built, "bare")} }

func (b *bench) own() []string { return []string{filepath.Join(b.built, "strava-token"), "action"} }

// row is one line of the second table.
type row struct {
	what, format    string
	measured, limit float64
}

func printResults(results []result) {
	fmt.Println("| refresh, verify, store, against a server on loopback | wall time | to bare Go | peak memory |")
	fmt.Println("|---|---:|---:|---:|")
	for _, r := range results {
		if r.missing != "" {
			// A reason comes from outside, and stays in its cell.
			fmt.Printf("| %s | not measured: %s | | |\n", r.name, strings.NewReplacer("|", "/", "\n", " ").Replace(r.missing))
			continue
		}
		fmt.Printf("| %s | %.1f ms | %.2f | %.1f MiB |\n", r.name, r.cost.wall(), r.cost.wall()/r.bare.wall(), median(r.cost.peaks))
	}
}

func printRows(rows []row) {
	fmt.Println("| strava-token | measured | limit | holds |")
	fmt.Println("|---|---:|---:|---|")
	for _, r := range rows {
		holds := "yes"
		if r.measured > r.limit {
			holds = "**no**"
		}
		fmt.Printf("| %s | "+r.format+" | at most "+r.format+" | %s |\n", r.what, r.measured, r.limit, holds)
	}
}
