package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"strava-token/internal/secret"
)

// Record is what a target is given to keep. A secret keeps the refresh token
// alone.
type Record struct {
	RefreshToken secret.Value
	AthleteID    int64    // 0 if unknown
	Scope        []string // what the token may do; nil if unknown
	// Input is the refresh token that the caller was configured with. A readable
	// target remembers that it saw it; empty adds nothing to what it remembers.
	Input secret.Value
}

// Held is what a readable target holds.
type Held struct {
	RefreshToken secret.Value // empty if it holds nothing yet
	AthleteID    int64        // 0 if unknown
	Scope        []string     // what the token may do; nil if unknown
	seen         []string     // fingerprints of inputs, the latest one last
	app          App
}

// remembered is how many inputs a readable target remembers: a re-run of an older
// run brings an older one along, which must not pass for a new one ever after.
const remembered = 8

// Saw reports whether the target was used with input before. An input that it
// never saw is one that somebody stored since, by logging in again.
func (h Held) Saw(input secret.Value) bool {
	fingerprint := h.app.fingerprint(input)
	return slices.ContainsFunc(h.seen, func(seen string) bool {
		return hmac.Equal([]byte(seen), []byte(fingerprint))
	})
}

// after is what a readable target holds once r was written over h.
func (h Held) after(r Record) Held {
	return Held{RefreshToken: r.RefreshToken, AthleteID: r.AthleteID, Scope: r.Scope, seen: h.seenAfter(r), app: h.app}
}

func (h Held) seenAfter(r Record) []string {
	if r.Input.Empty() {
		return h.seen
	}
	latest := h.app.fingerprint(r.Input)
	seen := slices.DeleteFunc(slices.Clone(h.seen), func(s string) bool { return s == latest })
	seen = append(seen, latest)
	return seen[max(0, len(seen)-remembered):]
}

// App is whose refresh tokens a readable target keeps.
type App struct {
	ClientID     string
	ClientSecret secret.Value
}

// fingerprint is a hash of input that says nothing to those who do not hold the
// client secret.
func (a App) fingerprint(input secret.Value) string {
	h := hmac.New(sha256.New, []byte(a.ClientSecret.Reveal()))
	_, _ = h.Write([]byte("strava-token input\x00" + input.Reveal()))
	return hex.EncodeToString(h.Sum(nil))
}

// Facts is what Check learned of a target.
type Facts struct {
	Exists       bool      // it is there already
	Held         bool      // and what it holds was read
	AthleteID    int64     // whose token that is; 0 if unknown
	Local        bool      // it is on this machine
	UpdatedAt    time.Time // when it was last written; zero if that is not known
	TokenExpires time.Time // when the GitHub token ends; zero if it does not say
	// WriteProven reports that a write was let through that nobody sees.
	// WriteBelieved: GitHub would let a write of a secret through, as far as two
	// attempts that can't change anything show.
	WriteProven, WriteBelieved bool
	Warning                    error // or nil
}
