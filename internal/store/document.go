package store

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"strava-token/internal/sealed"
	"strava-token/internal/secret"
)

// Record is what a target stores. A secret stores only the refresh token.
type Record struct {
	RefreshToken secret.Value
	AthleteID    int64    // 0 if unknown
	Scope        []string // what the token may do; nil if unknown
	// Input is the refresh token that the caller was configured with. A readable
	// target remembers that it saw it; an empty one adds nothing.
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
// run brings an older input, and that must not pass for a new login.
const remembered = 8

// Saw reports whether the target was used with input before. An input that it
// never saw was stored since, by somebody who logged in again.
func (h Held) Saw(input secret.Value) bool { return slices.Contains(h.seen, h.app.fingerprint(input)) }

func (h Held) after(r Record) Held {
	seen := h.seen
	if !r.Input.Empty() {
		latest := h.app.fingerprint(r.Input)
		seen = slices.DeleteFunc(slices.Clone(seen), func(s string) bool { return s == latest })
		seen = append(seen, latest)
	}
	return Held{RefreshToken: r.RefreshToken, AthleteID: r.AthleteID, Scope: r.Scope, seen: seen[max(0, len(seen)-remembered):], app: h.app}
}

// App is the app whose refresh tokens a readable target keeps.
type App struct {
	ClientID     string
	ClientSecret secret.Value
}

// fingerprint returns a hash of input that says nothing without the client secret.
func (a App) fingerprint(input secret.Value) string {
	h := hmac.New(sha256.New, []byte(a.ClientSecret.Reveal()))
	_, _ = h.Write([]byte("strava-token input\x00" + input.Reveal()))
	return hex.EncodeToString(h.Sum(nil))
}

// A document is the text in which a readable target keeps a refresh token: some
// plain words for people who find it, and a sealed part.
const (
	documentMark    = "strava-token refresh token, version "
	documentVersion = "1"
	documentIntro   = documentMark + documentVersion + `

This file keeps a Strava refresh token, sealed with age under the client secret
of the Strava app. It may be public: without the client secret nobody can open
it. strava-token replaces it whenever Strava issues a new one; do not edit it.

To look inside, with the client secret as passphrase:
  sed -n '/^-----BEGIN/,$p' FILE | age --decrypt

`
	armorMark = "-----BEGIN AGE ENCRYPTED FILE-----"
)

// place is what a document is bound to, so that a copy from elsewhere is
// refused.
type place struct {
	Purpose      string `json:"purpose"`                 // which kind of target
	Target       string `json:"target,omitempty"`        // as written in rotate-to; for a file only its name
	RepositoryID int64  `json:"repository_id,omitempty"` // numeric; 0 for a file
}

type sealedPart struct {
	Version string `json:"version"`
	place
	ClientID     string   `json:"client_id"`
	AthleteID    int64    `json:"athlete_id,omitempty"`
	Scope        []string `json:"scope,omitempty"`
	Seen         []string `json:"seen,omitempty"`
	RefreshToken string   `json:"refresh_token"`
}

// compose returns r as a document. It keeps the inputs that before remembers.
func (a App) compose(at place, r Record, before Held) (string, error) {
	plain, err := json.Marshal(sealedPart{
		Version: documentVersion, place: at, ClientID: a.ClientID, AthleteID: r.AthleteID, Scope: r.Scope,
		Seen: before.after(r).seen, RefreshToken: r.RefreshToken.Reveal(),
	})
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	text, err := sealed.Seal(plain, a.ClientSecret)
	return documentIntro + text, err
}

// read opens a document, or returns why it can't be used.
func (a App) read(at place, text string) (Held, Kind) {
	nothing := Held{app: a}
	// A Windows checkout, or an editor, may have changed the line ends.
	text = strings.TrimPrefix(strings.ReplaceAll(text, "\r\n", "\n"), "\ufeff")
	version, ours := strings.CutPrefix(text, documentMark)
	version, _, _ = strings.Cut(version, "\n")
	_, armored, found := strings.Cut(text, armorMark)
	switch {
	case !ours:
		return nothing, NotOurs
	case version != documentVersion:
		return nothing, NewerVersion
	case !found:
		return nothing, Damaged
	}
	plain, err := sealed.Open(armorMark+armored, a.ClientSecret)
	if errors.Is(err, sealed.ErrWrongSecret) {
		return nothing, OtherSecret
	}
	var b sealedPart
	undecodable := json.Unmarshal(plain, &b) != nil
	switch {
	case err != nil:
		return nothing, Damaged
	case !undecodable && b.Version != documentVersion:
		return nothing, NewerVersion // the first line is not sealed
	case undecodable || secret.Inspect(b.RefreshToken) != "":
		return nothing, Damaged
	case b.ClientID != a.ClientID:
		return nothing, OtherApp
	case b.Purpose == at.Purpose && b.RepositoryID != at.RepositoryID: // a file has none
		return nothing, OtherRepository
	case b.place != at:
		return nothing, OtherPlace
	}
	return Held{RefreshToken: secret.New(b.RefreshToken), AthleteID: b.AthleteID, Scope: b.Scope, seen: b.Seen, app: a}, ""
}

type readable struct {
	// MayReplace lets Check pass a document that can't be opened here: somebody who
	// just logged in has a better one.
	MayReplace bool

	app  App
	held Held
}

// Held returns what was last read or written.
func (r *readable) Held() Held { return r.held }

// open reads a document, or returns why it can't be used. If MayReplace is set, one
// of ours that can't be opened here counts as empty: somebody just logged in.
func (r *readable) open(at place, text string) Kind {
	held, kind := r.app.read(at, text)
	if kind != "" && !(r.MayReplace && slices.Contains([]Kind{OtherSecret, OtherApp, OtherRepository, OtherPlace, Damaged}, kind)) {
		return kind
	}
	r.held = held
	return ""
}

func (r *readable) facts() Facts {
	return Facts{Held: !r.held.RefreshToken.Empty(), AthleteID: r.held.AthleteID, WriteProven: true}
}
