package store

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// attempt asks whether a write would be let through, by two requests that can't
// change anything: a PUT that names no value, and a DELETE of a secret whose random
// name can't exist. GitHub may look at the body of the first before it looks at the
// permission; the second has none. Neither is a proof: it's believed if GitHub
// misses the value and the secret. An error is an *Error.
func (s *Secret) attempt(ctx context.Context) (believed bool, err error) {
	var put, del *Error
	var both sync.WaitGroup
	both.Go(func() { put = s.try(ctx, http.MethodPut, s.Target.Name, struct{}{}) })
	both.Go(func() { del = s.try(ctx, http.MethodDelete, "STRAVA_TOKEN_"+strings.ToUpper(rand.Text()), nil) }) // 128 random bits
	both.Wait()
	for _, refused := range []*Error{put, del} {
		if refused != nil && (refused.Status >= 300 && refused.Status < 400 || refused.Status >= 500 ||
			slices.Contains([]int{401, 403, 429, 451}, refused.Status)) {
			return false, refused
		}
	}
	if put != nil && (put.Status == http.StatusNotFound || put.Status == 0 && put.Kind != Unrecognized) {
		return false, put
	}
	return put != nil && put.Status == http.StatusUnprocessableEntity && del != nil && del.Status == http.StatusNotFound, nil
}

// try returns what an attempt was refused with, or nil.
func (s *Secret) try(ctx context.Context, method, name string, body any) *Error {
	if _, err := call(ctx, s.github.reads, method, s.Target.scope().secrets+name, body, nil); err != nil {
		return s.github.classify(s.Target, err, WriteRefused)
	}
	return nil
}
