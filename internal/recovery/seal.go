// Package recovery seals a refresh token that could not be kept, or an answer that
// may hold one, so that it can be printed if everybody may read it, and opens it
// again with the client secret.
package recovery

import (
	"encoding/json"
	"fmt"
	"strings"

	"strava-token/internal/sealed"
	"strava-token/internal/secret"
)

const (
	version = 1
	purpose = "strava-token recovery"
	// maxAttempts bounds the search for a text that holds no masked value. A
	// mask of three characters is hit by about one text in five hundred.
	maxAttempts = 100
)

// ErrWeakSecret is returned for a client secret too short to seal with.
var ErrWeakSecret = sealed.ErrWeakSecret

// Content is what is sealed: the refresh token, or answers that may hold it, and
// what it belongs to.
type Content struct {
	ClientID     string
	AthleteID    int64    // 0 if unknown
	Targets      []string // where it should have been kept
	RepositoryID int64    // numeric; 0 if unknown
	RefreshToken secret.Value
	Unread       []secret.Value // answers as they came, the newest last
	Files        []string       // of ReadLeft, that have it; set by the caller
}

// box is Content as it is written inside.
type box struct {
	Version      int      `json:"version"`
	Purpose      string   `json:"purpose"`
	ClientID     string   `json:"client_id"`
	AthleteID    int64    `json:"athlete_id,omitempty"`
	Targets      []string `json:"targets,omitempty"`
	RepositoryID int64    `json:"repository_id,omitempty"`
	RefreshToken string   `json:"refresh_token,omitempty"`
	Unread       [][]byte `json:"unread,omitempty"` // each compressed
}

// Seal returns c as an armored age text under clientSecret. As far as that is
// possible none of masked occurs in it, since the runner would replace it by
// *** and spoil the text.
func Seal(c Content, clientSecret secret.Value, masked []secret.Value) (string, error) {
	var unread [][]byte
	for _, answer := range c.Unread {
		unread = append(unread, pack([]byte(answer.Reveal()), maxPacked/len(c.Unread)))
	}
	plain, err := json.Marshal(box{
		Version: version, Purpose: purpose,
		ClientID: c.ClientID, AthleteID: c.AthleteID,
		Targets: c.Targets, RepositoryID: c.RepositoryID,
		RefreshToken: c.RefreshToken.Reveal(), Unread: unread,
	})
	if err != nil {
		return "", fmt.Errorf("encode: %w", err)
	}
	for attempt := 1; ; attempt++ {
		text, err := sealed.Seal(plain, clientSecret)
		if err != nil {
			return "", err
		}
		// A value of two or three characters may stand in the part of the text
		// that never changes. A text that the log spoils is better than none.
		if !holdsAny(text, masked) || attempt == maxAttempts {
			return text, nil
		}
	}
}

func holdsAny(text string, masked []secret.Value) bool {
	for _, m := range masked {
		if !m.Empty() && strings.Contains(text, m.Reveal()) {
			return true
		}
	}
	return false
}
