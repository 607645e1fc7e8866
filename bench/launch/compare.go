package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// stravaTokenRounds is how many rounds strava-token gets for one of a peer: its
// limit is the narrow one, and it takes no time.
const stravaTokenRounds = 5

// peer is a program that does the same work. One that cannot be run has a
// reason instead of a command.
type peer struct {
	name    string
	command []string
	missing string
}

func parsePeer(text string) (peer, error) {
	name, command, ok := strings.Cut(text, "=")
	p := peer{name: name, command: strings.Split(command, "\t")}
	if !ok || command == "" {
		return p, fmt.Errorf("%q is not NAME=PROGRAM", text)
	}
	return p, nil
}

func parseMissing(text string) (peer, error) {
	name, reason, ok := strings.Cut(text, "=")
	if !ok || reason == "" {
		return peer{}, fmt.Errorf("%q is not NAME=REASON", text)
	}
	return peer{name: name, missing: reason}, nil
}

// result is what was measured of a peer.
type result struct {
	peer
	wall     samples
	bare     samples // of the bare program, measured in turn with this one
	requests int
}

// compare measures every peer in turn with the bare program, so that whatever
// slows the machine down meanwhile slows both. It returns strava-token's own
// result, and all of them in the order of the table.
func (b *bench) compare(ctx context.Context, peers []peer, rounds int) (own result, all []result, err error) {
	bare := peer{name: "bare Go: token, public key, write", command: []string{b.bare}}
	self := peer{name: "**strava-token**", command: []string{b.stravaToken, "action"}}

	own, err = b.pairs(ctx, bare, self, stravaTokenRounds*rounds)
	if err != nil {
		return own, nil, err
	}
	requests, err := b.requests(ctx, bare)
	if err != nil {
		return own, nil, err
	}
	all = []result{{peer: bare, wall: own.bare, bare: own.bare, requests: requests}, own}
	for _, p := range peers {
		if p.missing == "" {
			r, err := b.pairs(ctx, bare, p, rounds)
			if err == nil {
				all = append(all, r)
				continue
			}
			if ctx.Err() != nil {
				return own, nil, err
			}
			p.missing = "does not run: " + err.Error()
		}
		all = append(all, result{peer: p})
	}
	return own, all, nil
}

func (b *bench) pairs(ctx context.Context, bare, other peer, rounds int) (result, error) {
	fmt.Fprintf(os.Stderr, "%d times %s\n", rounds, other.name)
	r := result{peer: other}
	s, err := b.startSandbox(ctx, "--rotation", "always")
	if err != nil {
		return r, err
	}
	defer s.close()
	for round := range rounds + 1 {
		floor, err := b.rotate(ctx, s, bare.command)
		if err != nil {
			return r, err
		}
		cost, err := b.rotate(ctx, s, other.command)
		if err != nil {
			return r, err
		}
		if round > 0 { // the first round fills the caches
			r.bare = append(r.bare, floor)
			r.wall = append(r.wall, cost)
		}
	}
	r.requests, err = b.requests(ctx, other)
	return r, err
}

// rotate runs a program once, with the refresh token that lives, and makes sure
// that it stored the next one.
func (b *bench) rotate(ctx context.Context, s *sandbox, command []string, more ...string) (sample, error) {
	before, err := s.secret(ctx, secretName)
	if err != nil {
		return sample{}, err
	}
	targets := append([]string{secretName}, more...)
	cost, err := b.child(ctx, s.environment(before, targets...), command...)
	if err != nil {
		return sample{}, err
	}
	after, err := s.secret(ctx, secretName)
	if err != nil {
		return sample{}, err
	}
	if after == before {
		return sample{}, fmt.Errorf("%s did not store the new refresh token", filepath.Base(command[0]))
	}
	for _, target := range more {
		value, err := s.secret(ctx, target)
		if err != nil {
			return sample{}, err
		}
		if value != after {
			return sample{}, fmt.Errorf("%s did not store the new refresh token in %s", filepath.Base(command[0]), target)
		}
	}
	return cost, nil
}

// requests counts the requests of one run, in a sandbox of its own.
func (b *bench) requests(ctx context.Context, p peer) (int, error) {
	s, err := b.startSandbox(ctx, "--rotation", "always")
	if err != nil {
		return 0, err
	}
	defer s.close()
	if _, err := b.rotate(ctx, s, p.command); err != nil {
		return 0, err
	}
	calls, err := s.calls(ctx)
	return len(calls), err
}
