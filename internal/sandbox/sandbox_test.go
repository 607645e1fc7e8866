package sandbox_test

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"strava-token/internal/sandbox"
)

// call sends a request and returns the answer.
func call(s *sandbox.Server, method, target, token, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// signIn returns an access token.
func signIn(t *testing.T, s *sandbox.Server) string {
	t.Helper()
	w := call(s, "POST", "/oauth/token?grant_type=refresh_token&client_id="+s.App().ID+
		"&client_secret="+s.App().Secret+"&refresh_token="+s.LiveRefreshToken(), "", "")
	var token struct {
		Access string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &token); err != nil || token.Access == "" {
		t.Fatalf("no access token: %d", w.Code)
	}
	return token.Access
}

// TestActivitiesArePaged: a sync that asks for page after page ends, and one that
// asks for what is new gets that alone.
func TestActivitiesArePaged(t *testing.T) {
	t.Parallel()
	const first, third = "1735711200", "1735999200" // when those activities begin
	for _, tt := range []struct {
		name, query string
		want        []int // activities, by their number
	}{
		{"the newest first", "per_page=3", []int{44, 43, 42}},
		{"the second page", "per_page=3&page=2", []int{41, 40, 39}},
		{"the last page", "page=2&per_page=40", []int{4, 3, 2, 1, 0}},
		{"no page after it", "page=3&per_page=40", nil},
		{"after a time the oldest first", "per_page=3&after=" + first, []int{1, 2, 3}},
		{"before a time", "before=" + third, []int{1, 0}},
		{"between two", "after=" + first + "&before=" + third, []int{1}},
	} {
		s := sandbox.New(sandbox.Knobs{Activities: 45})
		w := call(s, "GET", "/api/v3/athlete/activities?"+tt.query, signIn(t, s), "")
		var got []struct {
			ID    int64  `json:"id"`
			Start string `json:"start_date"`
			Map   struct {
				Polyline string `json:"summary_polyline"`
			} `json:"map"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatalf("%s: %v: %s", tt.name, err, w.Body)
		}
		var numbers []int
		for _, a := range got {
			numbers = append(numbers, int(a.ID-13210000000))
			if a.Start == "" || a.Map.Polyline == "" {
				t.Errorf("%s: activity %d has no start or no track", tt.name, a.ID)
			}
		}
		if !slices.Equal(numbers, tt.want) {
			t.Errorf("%s: got %v, want %v", tt.name, numbers, tt.want)
		}
	}
}

func TestActivitiesComeFromTheSeed(t *testing.T) {
	t.Parallel()
	list := func(seed int64, scope string) string {
		s := sandbox.New(sandbox.Knobs{Activities: 30, Seed: seed, Scopes: []string{"read", scope}})
		return call(s, "GET", "/api/v3/athlete/activities", signIn(t, s), "").Body.String()
	}
	all, some := list(1, "activity:read_all"), list(1, "activity:read")
	if all != list(1, "activity:read_all") {
		t.Error("one seed makes two lists")
	}
	if all == list(2, "activity:read_all") {
		t.Error("two seeds make one list")
	}
	if !strings.Contains(all, "only_me") || strings.Contains(some, "only_me") {
		t.Error("private activities are seen with activity:read, or not with activity:read_all")
	}
}

// TestStravaAnswers: {token} is a living access token.
func TestStravaAnswers(t *testing.T) {
	t.Parallel()
	const authorize = "/oauth/authorize?response_type=code&scope=read&client_id=48213&redirect_uri="
	for _, tt := range []struct {
		name   string
		knobs  sandbox.Knobs
		call   string
		header bool // the token is in the header
		status int
		says   string // in the body or the Location
	}{
		{"an address that is not there", sandbox.Knobs{}, "GET /api/v3/athlete/zones", true, 404,
			`{"message":"Record Not Found","errors":[{"resource":"resource","field":"path","code":"invalid"}]}`},
		{"more than a page holds", sandbox.Knobs{}, "GET /api/v3/athlete/activities?per_page=201", true, 400, `"limit exceeded"`},
		{"a page that is no number", sandbox.Knobs{}, "GET /api/v3/athlete/activities?page=x", true, 400, `"field":"page"`},
		{"a token in the query", sandbox.Knobs{}, "GET /api/v3/athlete?access_token={token}", false, 200, `"id":126651800`},
		{"a token in the query, 2027", sandbox.Knobs{Year2027: true}, "GET /api/v3/athlete?access_token={token}", false, 401, `"access_token"`},
		{"deauthorize", sandbox.Knobs{}, "POST /oauth/deauthorize?access_token={token}", false, 200, `{"access_token":"{token}"}`},
		{"deauthorize, 2027", sandbox.Knobs{Year2027: true}, "POST /oauth/deauthorize", true, 404, "Record Not Found"},
		{"localhost", sandbox.Knobs{CallbackDomain: "app.example"}, "GET " + authorize + "http://localhost:1/x", false, 302, "/login?next="},
		{"Strava's other address", sandbox.Knobs{}, "GET /api/v3" + authorize + "http://127.0.0.1/x", false, 302, "/login?next="},
		{"the callback domain", sandbox.Knobs{CallbackDomain: "app.example"}, "GET " + authorize + "https://App.example/x", false, 302, "/login?next="},
		{"another domain", sandbox.Knobs{}, "GET " + authorize + "https://app.example/x", false, 400,
			`{"message":"Bad Request","errors":[{"resource":"Application","field":"redirect_uri","code":"invalid"}]}`},
	} {
		s := sandbox.New(tt.knobs)
		token := signIn(t, s)
		method, target, _ := strings.Cut(strings.ReplaceAll(tt.call, "{token}", token), " ")
		sent := ""
		if tt.header {
			sent = token
		}
		w := call(s, method, target, sent, "")
		got, want := w.Body.String()+w.Header().Get("Location"), strings.ReplaceAll(tt.says, "{token}", token)
		if w.Code != tt.status || !strings.Contains(got, want) {
			t.Errorf("%s: got %d %s, want %d %s", tt.name, w.Code, got, tt.status, want)
		}
	}
}

func TestGitHubAnswers(t *testing.T) {
	t.Parallel()
	const keys = "/secrets/public-key"
	file := `{"message":"m","content":"eA==","branch":"main","sha":"0000000000000000000000000000000000000000"}`
	writer := sandbox.GitHubToken{Kind: sandbox.Personal, May: "secrets=write environments=write actions=read contents=write"}
	blind := writer
	blind.May = "secrets=write environments=write contents=write"
	reader := writer
	reader.May = "secrets=read"
	for _, tt := range []struct {
		name   string
		token  sandbox.GitHubToken
		call   string
		body   string
		status int
	}{
		{"a secret in other letters", writer, "GET /repos/OCTO/Running/actions/secrets/stored", "", 200},
		{"a repository in other letters", writer, "GET /repos/Octo/RUNNING", "", 200},
		{"a file with a sha that is not there", writer, "PUT /repos/octo/running/contents/new", file, 201},
		{"environments", writer, "GET /repos/octo/running/environments", "", 200},
		{"environments without actions: read", blind, "GET /repos/octo/running/environments", "", 403},
		{"an environment, escaped", writer, "GET /repos/octo/running/environments/my%20env%2Fprod" + keys, "", 200},
		{"a secret that is not there, deleted", writer, "DELETE /repos/octo/running/actions/secrets/NONE", "", 404},
		{"a secret, deleted", writer, "DELETE /repos/octo/running/actions/secrets/STORED", "", 204},
		{"a secret, deleted by a token that may not", reader, "DELETE /repos/octo/running/actions/secrets/STORED", "", 403},
		{"a branch, deleted", writer, "DELETE /repos/octo/running/git/refs/heads/main", "", 204},
		{"a branch that is not there, deleted", writer, "DELETE /repos/octo/running/git/refs/heads/none", "", 422},
		{"an environment that is not there", writer, "GET /repos/octo/running/environments/prod" + keys, "", 404},
	} {
		s := sandbox.New(sandbox.Knobs{})
		s.SetSecret("STORED", "value")
		s.AddEnvironment("my env/prod")
		method, target, _ := strings.Cut(tt.call, " ")
		if w := call(s, method, target, s.NewGitHubToken("token", tt.token), tt.body); w.Code != tt.status {
			t.Errorf("%s: got %d, want %d: %s", tt.name, w.Code, tt.status, w.Body)
		}
	}
}
