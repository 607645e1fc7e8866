package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"strava-token/internal/sandbox"
)

// latency is what the sandbox adds to every answer, to weigh round trips.
const latency = 100 * time.Millisecond

// The limits, as the project promises them.
const (
	wallLimit       = 1.45 // to the bare program
	memoryLimit     = 16   // MiB
	roundTrips      = 3    // preflight, token, store and verify
	roundTripsLimit = 1.05
	targetsLimit    = 1.2 // four to one
	launcherLimit   = 200 // ms
	ownRounds       = 5   // its limit is the narrow one, and it takes no time
)

// samples are what the runs of one program cost.
type samples struct {
	walls []float64 // ms
	peaks []float64 // of memory, MiB
}

func median(all []float64) float64 { return slices.Sorted(slices.Values(all))[len(all)/2] }

func (s samples) wall() float64 { return median(s.walls) }

// result is what was measured of a peer, and of the bare program in turn with it.
type result struct {
	peer
	cost, bare samples
}

// compare measures every peer in turn with the bare program. The bare program is
// the first result, strava-token the second.
func (b *bench) compare(ctx context.Context, peers []string) ([]result, error) {
	quick := sandbox.Knobs{Rotation: sandbox.RotateAlways}
	bare, own, err := b.inTurn(ctx, quick, false, ownRounds*b.rounds, b.bare(), b.own())
	if err != nil {
		return nil, err
	}
	all := []result{{peer{name: "bare Go: token, public key, write"}, bare, bare}, {peer{name: "**strava-token**"}, own, bare}}
	for _, text := range peers {
		r := result{peer: parsePeer(text)}
		if r.missing == "" {
			fmt.Fprintf(os.Stderr, "%d times %s\n", b.rounds, r.name)
			if r.bare, r.cost, err = b.inTurn(ctx, quick, false, b.rounds, b.bare(), r.command); err != nil {
				r.missing = "does not run: " + err.Error()
			}
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
		}
		all = append(all, r)
	}
	return all, nil
}

// limits measures strava-token with slow answers, and over TLS. The latency is
// added to answers, not to handshakes, behind which the reading of the root
// certificates would vanish; so over TLS the floor is the bare program with the
// same certificates.
func (b *bench) limits(ctx context.Context, results []result) ([]row, error) {
	own := results[1]
	slow := sandbox.Knobs{Rotation: sandbox.RotateAlways, Latency: latency}
	fmt.Fprintf(os.Stderr, "%d times with %s added to every answer, and over TLS\n", b.rounds, latency)
	one, four, err := b.inTurn(ctx, slow, false, b.rounds, b.own(), b.own(), "TWO", "THREE", "FOUR")
	if err != nil {
		return nil, err
	}
	floor, secure, err := b.inTurn(ctx, slow, true, 2*b.rounds, b.bare(), b.own())
	if err != nil {
		return nil, err
	}
	const times, mib = "%.3f times", "%.1f MiB"
	rows := []row{
		{"refresh, verify, one target: wall time, to the bare Go program", "%.2f times", own.cost.wall() / own.bare.wall(), wallLimit},
		{"the same: peak memory, the most of all runs", mib, slices.Max(own.cost.peaks), memoryLimit},
		{
			fmt.Sprintf("%d ms added to every answer: wall time, to the %d round trips that safety needs", latency.Milliseconds(), roundTrips),
			times, one.wall() / float64(roundTrips*latency.Milliseconds()), roundTripsLimit,
		},
		{"the same with four targets, to one", times, four.wall() / one.wall(), targetsLimit},
		{
			fmt.Sprintf("the same over TLS (%.0f ms): wall time, to the bare Go program over TLS (%.0f ms)", secure.wall(), floor.wall()),
			times, secure.wall() / floor.wall(), roundTripsLimit,
		},
		{"the same over TLS: peak memory, the most of all runs", mib, slices.Max(secure.peaks), memoryLimit},
	}
	for _, r := range results {
		if strings.HasPrefix(r.name, "native/") && r.missing == "" {
			rows = append(rows, row{"what the launcher of native/ adds", "%.0f ms", r.cost.wall() - own.cost.wall(), launcherLimit})
		}
	}
	return rows, nil
}

// inTurn runs two programs in turn, so that whatever slows the machine down
// meanwhile slows both. The second one may have further targets.
func (b *bench) inTurn(ctx context.Context, knobs sandbox.Knobs, secure bool, rounds int, first, second []string, more ...string) (a, c samples, err error) {
	w, err := b.newWorld(ctx, knobs, secure)
	if err != nil {
		return a, c, err
	}
	defer w.stop()
	for round := range rounds + 1 {
		if round == 1 { // the first round fills the caches
			a, c = samples{}, samples{}
		}
		if err := b.rotate(ctx, w, &a, first); err != nil {
			return a, c, err
		}
		if err := b.rotate(ctx, w, &c, second, more...); err != nil {
			return a, c, err
		}
	}
	return a, c, nil
}

// rotate runs a program once, with the refresh token that lives, and makes sure
// that it stored the next one.
func (b *bench) rotate(ctx context.Context, w *world, s *samples, command []string, more ...string) error {
	before, targets := w.LiveRefreshToken(), append([]string{secretName}, more...)
	for _, target := range more {
		w.SetSecret(target, "not written yet")
	}
	environment, err := w.environment(before, targets)
	if err != nil {
		return err
	}
	program := filepath.Base(command[0])
	c := exec.CommandContext(ctx, filepath.Join(b.built, "measure"), command...)
	c.Env, c.Dir = environment, b.dir
	var complaint strings.Builder
	c.Stderr = &complaint
	output, err := c.Output()
	if err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(complaint.String()), "\n")
		return fmt.Errorf("%s: %w: %s", program, err, line)
	}
	var nanoseconds, kib float64
	if _, err := fmt.Sscan(string(output), &nanoseconds, &kib); err != nil {
		return fmt.Errorf("%s: read what was measured: %w", program, err)
	}
	s.walls, s.peaks = append(s.walls, nanoseconds/1e6), append(s.peaks, kib/(1<<10))
	for _, target := range targets {
		if got := w.Secret(target); got == before || got != w.LiveRefreshToken() {
			return fmt.Errorf("%s did not store the new refresh token in %s", program, target)
		}
	}
	return nil
}
