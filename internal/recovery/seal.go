// Package recovery seals a refresh token that couldn't be stored, or an answer that
// may contain one, so that it can be printed in a public log, and opens it
// again with the client secret.
package recovery

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"strava-token/internal/sealed"
	"strava-token/internal/secret"
	"strava-token/internal/words"
)

const (
	version = 1
	purpose = "strava-token recovery"
	// maxAttempts limits the search for a text that contains no masked value. A
	// mask of three characters is hit by about one text in five hundred.
	maxAttempts = 100
)

// The errors of Open.
var (
	ErrWrongSecret error = &words.Failure{ID: "recover-wrong-secret"} // or the text is damaged
	ErrNotOurs     error = &words.Failure{ID: "recover-not-ours"}
)

// Content is what is sealed: the refresh token, or answers that may contain it, and
// what it belongs to.
type Content struct {
	ClientID     string         `json:"client_id"`
	AthleteID    int64          `json:"athlete_id,omitempty"`    // 0 if unknown
	Targets      []string       `json:"targets,omitempty"`       // where it should have been kept
	RepositoryID int64          `json:"repository_id,omitempty"` // numeric; 0 if unknown
	RefreshToken secret.Value   `json:"-"`
	Unread       []secret.Value `json:"-"` // answers as they came, the newest last
}

// box is the sealed form of Content.
type box struct {
	Version int    `json:"version"`
	Purpose string `json:"purpose"`
	Content
	RefreshToken string   `json:"refresh_token,omitempty"`
	Unread       [][]byte `json:"unread,omitempty"` // each compressed
}

// Seal returns c as an armored age text under clientSecret. If possible it contains
// none of masked, since the runner would replace that with *** and spoil the text.
func Seal(c Content, clientSecret secret.Value, masked []secret.Value) (string, error) {
	b := box{Version: version, Purpose: purpose, Content: c, RefreshToken: c.RefreshToken.Reveal()}
	for _, answer := range c.Unread {
		b.Unread = append(b.Unread, pack([]byte(answer.Reveal()), maxPacked/len(c.Unread)))
	}
	plain, _ := json.Marshal(b) // of texts and numbers alone
	for attempt := 1; ; attempt++ {
		text, err := sealed.Seal(plain, clientSecret)
		// A value of two or three characters may be in the part of the text
		// that never changes. A text that the log spoils is better than none.
		if err != nil || attempt == maxAttempts || !slices.ContainsFunc(masked, func(m secret.Value) bool {
			return !m.Empty() && strings.Contains(text, m.Reveal())
		}) {
			return text, err
		}
	}
}

// Open opens one text that Find returned. An error is ErrWrongSecret or
// ErrNotOurs, or wraps one of them.
func Open(text string, clientSecret secret.Value) (Content, error) {
	plain, err := sealed.Open(text, clientSecret)
	if err != nil {
		return Content{}, fmt.Errorf("%w: %w", ErrWrongSecret, err)
	}
	var b box
	if json.Unmarshal(plain, &b) != nil || b.Version != version || b.Purpose != purpose ||
		secret.Inspect(b.RefreshToken) != "" && len(b.Unread) == 0 {
		return Content{}, ErrNotOurs
	}
	c := b.Content
	c.RefreshToken = secret.New(b.RefreshToken)
	for _, packed := range b.Unread {
		c.Unread = append(c.Unread, secret.New(string(unpack(packed))))
	}
	return c, nil
}
