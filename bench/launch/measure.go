package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
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

// sample is what one process cost.
type sample struct {
	wall   time.Duration
	memory int64 // peak, in KiB
}

// result is what was measured of a peer, and of the bare program in turn with it.
type result struct {
	peer
	cost, bare samples
}

// compare measures every peer in turn with the bare program. The bare program is
// the first result, strava-token the second.
func (b *bench) compare(ctx context.Context, peers []peer) ([]result, error) {
	quick := sandbox.Knobs{Rotation: sandbox.RotateAlways}
	bare, own, err := b.inTurn(ctx, quick, false, ownRounds*b.rounds, b.bare.command, b.own.command)
	if err != nil {
		return nil, err
	}
	all := []result{{b.bare, bare, bare}, {b.own, own, bare}}
	for _, p := range peers {
		r := result{peer: p}
		if p.missing == "" {
			fmt.Fprintf(os.Stderr, "%d times %s\n", b.rounds, p.name)
			if r.bare, r.cost, err = b.inTurn(ctx, quick, false, b.rounds, b.bare.command, p.command); err != nil {
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
	one, four, err := b.inTurn(ctx, slow, false, b.rounds, b.own.command, b.own.command, "TWO", "THREE", "FOUR")
	if err != nil {
		return nil, err
	}
	floor, secure, err := b.inTurn(ctx, slow, true, 2*b.rounds, b.bare.command, b.own.command)
	if err != nil {
		return nil, err
	}
	const times, mib = "%.3f times", "%.1f MiB"
	rows := []row{
		atMost("refresh, verify, one target: wall time, to the bare Go program", "%.2f times", ratio(own.cost.wall(), own.bare.wall()), wallLimit),
		atMost("the same: peak memory, the most of all runs", mib, own.cost.most(), memoryLimit),
		atMost(fmt.Sprintf("%d ms added to every answer: wall time, to the %d round trips that safety needs", latency.Milliseconds(), roundTrips),
			times, ratio(one.wall(), roundTrips*latency), roundTripsLimit),
		atMost("the same with four targets, to one", times, ratio(four.wall(), one.wall()), targetsLimit),
		atMost(fmt.Sprintf("the same over TLS (%.0f ms): wall time, to the bare Go program over TLS (%.0f ms)",
			milliseconds(secure.wall()), milliseconds(floor.wall())), times, ratio(secure.wall(), floor.wall()), roundTripsLimit),
		atMost("the same over TLS: peak memory, the most of all runs", mib, secure.most(), memoryLimit),
	}
	for _, r := range results {
		if strings.HasPrefix(r.name, "native/") && r.missing == "" {
			rows = append(rows, atMost("what the launcher of native/ adds", "%.0f ms", milliseconds(r.cost.wall()-own.cost.wall()), launcherLimit))
		}
	}
	return rows, nil
}

// inTurn runs two programs in turn, so that whatever slows the machine down
// meanwhile slows both. The second one may have further targets.
func (b *bench) inTurn(ctx context.Context, knobs sandbox.Knobs, secure bool, rounds int, first, second []string, more ...string) (a, c samples, err error) {
	w, err := b.newWorld(ctx, knobs, secure)
	if err != nil {
		return nil, nil, err
	}
	defer w.stop()
	for round := range rounds + 1 {
		one, err := b.rotate(ctx, w, first)
		if err != nil {
			return nil, nil, err
		}
		two, err := b.rotate(ctx, w, second, more...)
		if err != nil {
			return nil, nil, err
		}
		if round > 0 { // the first round fills the caches
			a, c = append(a, one), append(c, two)
		}
	}
	return a, c, nil
}

// rotate runs a program once, with the refresh token that lives, and makes sure
// that it stored the next one.
func (b *bench) rotate(ctx context.Context, w *world, command []string, more ...string) (sample, error) {
	before, targets := w.LiveRefreshToken(), append([]string{secretName}, more...)
	for _, target := range more {
		w.SetSecret(target, "not written yet")
	}
	cost, err := b.child(ctx, w.environment(before, targets), command)
	if err != nil {
		return sample{}, err
	}
	for _, target := range targets {
		if got := w.Secret(target); got == before || got != w.LiveRefreshToken() {
			return sample{}, fmt.Errorf("%s did not store the new refresh token in %s", filepath.Base(command[0]), target)
		}
	}
	return cost, nil
}

// child runs a program and waits for it. environment is all that the program
// finds in its own.
func (b *bench) child(ctx context.Context, environment, command []string) (sample, error) {
	c := exec.CommandContext(ctx, b.measure, command...)
	c.Env, c.Dir = environment, b.dir
	var complaint strings.Builder
	c.Stderr = &complaint
	output, err := c.Output()
	if err != nil {
		line, _, _ := strings.Cut(strings.TrimSpace(complaint.String()), "\n")
		return sample{}, fmt.Errorf("%s: %w: %s", filepath.Base(command[0]), err, line)
	}
	var s sample
	if _, err := fmt.Sscan(string(output), &s.wall, &s.memory); err != nil {
		return sample{}, fmt.Errorf("%s: read what was measured: %w", filepath.Base(command[0]), err)
	}
	return s, nil
}
