package reality

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const (
	patience  = 15 * time.Second
	maxAnswer = 1 << 20
)

// answer is what a service said to one request. It's read by hand: how the clients
// read an answer is one of the things in doubt.
type answer struct {
	status  int // 0 if none came
	header  http.Header
	body    []byte
	message string // of a refusal
	fault   string // of Strava's refusal: resource/field/code
	note    string // what else there is to say
}

func send(ctx context.Context, client *http.Client, req *http.Request) answer {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	reply, err := client.Do(req.WithContext(ctx))
	if err != nil {
		return answer{} // the error may quote the request
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(io.LimitReader(reply.Body, maxAnswer))
	if err != nil {
		return answer{}
	}
	a := answer{status: reply.StatusCode, header: reply.Header, body: body}
	var refusal struct {
		Message string
		Errors  []struct{ Resource, Field, Code string }
	}
	a.read(&refusal)
	if a.message = refusal.Message; len(refusal.Errors) > 0 {
		first := refusal.Errors[0]
		a.fault = first.Resource + "/" + first.Field + "/" + first.Code
	}
	return a
}

// read decodes the parts of a JSON answer that into knows.
func (a answer) read(into any) { _ = json.Unmarshal(a.body, into) }

func (a answer) succeeded() bool { return a.status >= 200 && a.status <= 299 }

// refuses reports whether the answer is a fault of Strava's.
func (a answer) refuses(status int, fault string) bool { return a.status == status && a.fault == fault }

// lacksPermission reports whether GitHub refused a token without the permission.
func (a answer) lacksPermission() bool {
	return a.status == http.StatusForbidden && strings.Contains(a.message, "not accessible by")
}

// page returns the host, if one is named, and the path that a redirect leads to.
func (a answer) page() string {
	to, err := url.Parse(a.header.Get("Location"))
	if err != nil {
		return ""
	}
	return to.Host + to.Path
}

func (a answer) says() string {
	if a.status == 0 {
		return "no answer " + a.note
	}
	return strings.Join([]string{fmt.Sprint(a.status), a.message, a.fault, a.page(), a.note}, " ")
}

// isUnclear reports whether the answer is about something other than what was asked.
func (a answer) isUnclear() bool {
	return a.status == 0 || a.status == http.StatusTooManyRequests || a.status >= 500 ||
		slices.ContainsFunc([]string{"rate limit", "rule violation", "bad credentials"}, func(part string) bool {
			return strings.Contains(strings.ToLower(a.message), part)
		})
}

// judge turns an answer into a finding.
func (a answer) judge(confirmed bool) finding {
	if a.isUnclear() {
		return untold(a.says())
	}
	return told(confirmed, a.says())
}
