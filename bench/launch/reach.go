package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// latency is what the sandbox adds to every answer, to weigh round trips.
const latency = 100 * time.Millisecond

// The limits, as the project promises them.
const (
	wallLimit       = 1.5 // to the bare program
	memoryLimit     = 16 << 10
	roundTrips      = 3 // preflight, token, store and verify
	roundTripsLimit = 1.05
	targetsLimit    = 1.2 // four to one
	requestsLimit   = 2   // without rotate-to
	startLimit      = 5 * time.Millisecond
)

// row is one line of the second table.
type row struct {
	what, measured, limit string
	holds                 bool
}

// reach measures strava-token alone, against its limits. own is what compare
// found.
func (b *bench) reach(ctx context.Context, own result, rounds int) ([]row, error) {
	rows := []row{
		atMost("refresh, verify, one target: wall time, to the bare Go program", "%.2f times",
			ratio(own.wall.wall(), own.bare.wall()), wallLimit),
		atMost("the same: peak memory, the most of all runs", "%.1f MiB", mebibytes(own.wall.most()), mebibytes(memoryLimit)),
	}
	for _, measure := range []func(context.Context, int) ([]row, error){
		b.withLatency, b.overTLS, b.many, b.unchanged, b.withoutTarget, b.start,
	} {
		more, err := measure(ctx, rounds)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

func atMost(what, format string, measured, limit float64) row {
	return row{what, fmt.Sprintf(format, measured), "at most " + fmt.Sprintf(format, limit), measured <= limit}
}

// withLatency measures one and four targets in turn, with slow answers.
func (b *bench) withLatency(ctx context.Context, rounds int) ([]row, error) {
	fmt.Fprintf(os.Stderr, "%d times one and four targets, with %s added to every answer\n", rounds, latency)
	s, err := b.startSandbox(ctx, "--rotation", "always", "--latency", latency.String())
	if err != nil {
		return nil, err
	}
	defer s.close()
	more, err := s.addTargets(ctx, 3)
	if err != nil {
		return nil, err
	}
	var one, four samples
	for range rounds {
		a, err := b.rotate(ctx, s, []string{b.stravaToken, "action"})
		if err != nil {
			return nil, err
		}
		c, err := b.rotate(ctx, s, []string{b.stravaToken, "action"}, more...)
		if err != nil {
			return nil, err
		}
		one, four = append(one, a), append(four, c)
	}
	return []row{
		atMost(fmt.Sprintf("%d ms added to every answer: wall time, to the %d round trips that safety needs",
			latency.Milliseconds(), roundTrips),
			"%.3f times", ratio(one.wall(), roundTrips*latency), roundTripsLimit),
		atMost("the same with four targets, to one", "%.3f times", ratio(four.wall(), one.wall()), targetsLimit),
	}, nil
}

// overTLS measures one target over HTTP/2, where connections are made of more than
// a packet. The latency is added to answers, not to handshakes, behind which the
// reading of the root certificates would vanish; so the floor is the bare program
// with the same certificates.
func (b *bench) overTLS(ctx context.Context, rounds int) ([]row, error) {
	fmt.Fprintf(os.Stderr, "%d times the same over TLS\n", rounds)
	s, err := b.startOverTLS(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var one, floor samples
	for range rounds * 2 {
		f, err := b.rotate(ctx, s, []string{b.bare})
		if err != nil {
			return nil, err
		}
		a, err := b.rotate(ctx, s, []string{b.stravaToken, "action"})
		if err != nil {
			return nil, err
		}
		one, floor = append(one, a), append(floor, f)
	}
	return []row{
		atMost(fmt.Sprintf("the same over TLS (%.0f ms): wall time, to the bare Go program over TLS (%.0f ms)", milliseconds(one.wall()), milliseconds(floor.wall())),
			"%.3f times", ratio(one.wall(), floor.wall()), roundTripsLimit),
		atMost("the same over TLS: peak memory, the most of all runs", "%.1f MiB", mebibytes(one.most()), mebibytes(memoryLimit)),
	}, nil
}

// many runs once with more targets than GitHub may be asked for at a time.
func (b *bench) many(ctx context.Context, _ int) ([]row, error) {
	const targets = 50
	fmt.Fprintf(os.Stderr, "%d targets\n", targets)
	s, err := b.startSandbox(ctx, "--rotation", "always", "--latency", latency.String())
	if err != nil {
		return nil, err
	}
	defer s.close()
	more, err := s.addTargets(ctx, targets-1)
	if err != nil {
		return nil, err
	}
	cost, err := b.rotate(ctx, s, []string{b.stravaToken, "action"}, more...)
	r := row{what: fmt.Sprintf("the same with %d targets", targets), limit: "all written"}
	if err != nil {
		r.measured = err.Error()
		return []row{r}, nil
	}
	r.measured, r.holds = "all written, in "+seconds(cost.wall)+", "+memory(cost.memory), true
	return []row{r}, nil
}

// addTargets creates secrets beside the one that is there.
func (s *sandbox) addTargets(ctx context.Context, count int) ([]string, error) {
	var names []string
	for i := range count {
		name := fmt.Sprintf("%s_%d", secretName, i+2)
		if err := s.setSecret(ctx, name, "not written yet"); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// unchanged counts the writes of a run to which Strava returns the refresh token
// that it was sent.
func (b *bench) unchanged(ctx context.Context, _ int) ([]row, error) {
	calls, err := b.once(ctx, secretName)
	if err != nil {
		return nil, err
	}
	writes := 0
	for _, call := range calls {
		if strings.Contains(call, " PUT ") && !strings.Contains(call, "(no value)") {
			writes++
		}
	}
	return []row{atMost("an unchanged token: writes", "%.0f", float64(writes), 0)}, nil
}

func (b *bench) withoutTarget(ctx context.Context, _ int) ([]row, error) {
	calls, err := b.once(ctx)
	if err != nil {
		return nil, err
	}
	return []row{atMost("without rotate-to: requests", "%.0f", float64(len(calls)), requestsLimit)}, nil
}

// once runs the action one time, where Strava replaces nothing, and returns the
// calls that it made.
func (b *bench) once(ctx context.Context, targets ...string) ([]string, error) {
	s, err := b.startSandbox(ctx, "--rotation", "never")
	if err != nil {
		return nil, err
	}
	defer s.close()
	token, err := s.secret(ctx, secretName)
	if err != nil {
		return nil, err
	}
	if _, err := b.child(ctx, s.environment(token, targets...), b.stravaToken, "action"); err != nil {
		return nil, err
	}
	return s.calls(ctx)
}

// start measures commands that do nothing but print.
func (b *bench) start(ctx context.Context, rounds int) ([]row, error) {
	var version, help samples
	for range stravaTokenRounds * rounds {
		v, err := b.child(ctx, []string{}, b.stravaToken, "version")
		if err != nil {
			return nil, err
		}
		h, err := b.child(ctx, []string{}, b.stravaToken, "--help")
		if err != nil {
			return nil, err
		}
		version, help = append(version, v), append(help, h)
	}
	return []row{
		atMost("`version`", "%.1f ms", milliseconds(version.wall()), milliseconds(startLimit)),
		atMost("`--help`", "%.1f ms", milliseconds(help.wall()), milliseconds(startLimit)),
	}, nil
}
