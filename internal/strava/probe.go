package strava

import (
	"context"
	"encoding/json"
	"strings"

	"strava-token/internal/secret"
)

// Athlete asks whose token access is. Any scope will do. It is also the proof
// that the token works: while its app is inactive, refreshing still succeeds
// and this call is refused with AppInactive.
//
// It returns the athlete's id, a positive number.
func (c *Client) Athlete(ctx context.Context, access secret.Value) (int64, error) {
	body, err := c.probe(ctx, "/athlete", access)
	if err != nil {
		return 0, err
	}
	var athlete struct {
		ID int64 `json:"id"`
	}
	if json.Unmarshal(body, &athlete) != nil || athlete.ID <= 0 {
		return 0, &Error{Kind: Malformed, Status: 200, Host: c.APIURL.Host}
	}
	return athlete.ID, nil
}

// Activities proves that access may read activities: it returns an *Error of
// kind ScopeMissing if it has neither activity:read nor activity:read_all.
// Which of the two it has cannot be told from the answer.
func (c *Client) Activities(ctx context.Context, access secret.Value) error {
	_, err := c.probe(ctx, "/athlete/activities?per_page=1", access)
	return err
}

// Answer is what Strava said to a question that may be left open.
type Answer int

// The answers.
const (
	Unclear Answer = iota
	Yes
	No
)

// HasScope tells whether a grant has wanted: from the scopes of the token's answer
// if it named them, or else from what Activities returned, which can't tell
// activity:read from activity:read_all.
func HasScope(granted []string, wanted string, activities error) Answer {
	switch {
	case granted != nil && Covers(granted, wanted), wanted == "read":
		return Yes
	case granted != nil:
		return No
	case !IsActivityRead(wanted):
		return Unclear
	case KindOf(activities) == ScopeMissing:
		return No
	case activities == nil && !strings.HasSuffix(wanted, "_all"):
		return Yes
	}
	return Unclear
}

// IsActivityRead reports whether Activities can tell of scope.
func IsActivityRead(scope string) bool {
	return scope == "activity:read" || scope == "activity:read_all"
}
