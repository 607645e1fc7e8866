package sandbox_test

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"strava-token/internal/check"
	"strava-token/internal/sandbox"
)

// call sends a request, "METHOD address body", with a token in the header unless the
// address has one, and returns the status and what the answer says.
func call(s *sandbox.Server, request, token string) (status int, says string) {
	part := append(strings.SplitN(request, " ", 3), "")
	r := httptest.NewRequest(part[0], strings.ReplaceAll(part[1], "{token}", token), strings.NewReader(part[2]))
	if !strings.Contains(request, "{token}") {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if strings.HasPrefix(part[2], "{") {
		r.Header.Set("Content-Type", "application/json; charset=utf-8")
	} else if strings.HasPrefix(part[2], "--b") {
		r.Header.Set("Content-Type", "multipart/form-data; boundary=b")
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, w.Body.String() + w.Header().Get("Location")
}

// signIn returns an access token.
func signIn(t *testing.T, s *sandbox.Server) string {
	t.Helper()
	status, body := call(s, "POST /oauth/token?grant_type=refresh_token&client_id="+s.App().ID+
		"&client_secret="+s.App().Secret+"&refresh_token="+s.LiveRefreshToken(), "")
	token := regexp.MustCompile(`"access_token":"(\w+)"`).FindStringSubmatch(body)
	if token == nil {
		t.Fatalf("no access token: %d", status)
	}
	return token[1]
}

type row struct {
	knobs   sandbox.Knobs
	request string // {token} is a living token
	status  int
	says    string
}

func (r row) run(t *testing.T, s *sandbox.Server, token string) {
	t.Helper()
	status, says := call(s, r.request, token)
	if want := strings.ReplaceAll(r.says, "{token}", token); status != r.status || !strings.Contains(says, want) {
		t.Errorf("%s: got %d %s, want %d %s", r.request, status, says, r.status, want)
	}
}

func TestStravaAnswers(t *testing.T) {
	t.Parallel()
	const (
		authorize = "/oauth/authorize?response_type=code&scope=read&client_id=48213&redirect_uri="
		form      = "client_id=7&client_secret=made-up&grant_type=refresh_token&refresh_token=first"
		part      = "\r\n--b\r\nContent-Disposition: form-data; name="
	)
	fixed := sandbox.Knobs{App: sandbox.App{ID: "7", Secret: "made-up"}, RefreshToken: "first"}
	parts := strings.TrimSpace(part) + strings.NewReplacer("=", "\r\n\r\n", "&", part).Replace(form) + "\r\n--b--"
	inJSON := `{"` + strings.NewReplacer("=", `":"`, "&", `","`).Replace(form) + `"}`
	domain, later := sandbox.Knobs{CallbackDomain: "app.example"}, sandbox.Knobs{Year2027: true}
	for _, tt := range []row{
		{fixed, "POST /oauth/token " + form, 200, `"access_token"`},
		{fixed, "POST /oauth/token?" + form, 200, `"access_token"`},
		{fixed, "POST /api/v3/oauth/token " + parts, 200, `"access_token"`},
		{fixed, "POST /oauth/token " + inJSON, 200, `"access_token"`},
		{sandbox.Knobs{}, "GET /api/v3/athlete/zones", 404,
			`{"message":"Record Not Found","errors":[{"resource":"resource","field":"path","code":"invalid"}]}`},
		{sandbox.Knobs{}, "GET /api/v3/athlete/activities?per_page=201", 400, `"limit exceeded"`},
		{sandbox.Knobs{}, "GET /api/v3/athlete/activities?page=x", 400, `"field":"page"`},
		{sandbox.Knobs{}, "GET /api/v3/athlete?access_token={token}", 200, `"id":126651800`},
		{later, "GET /api/v3/athlete?access_token={token}", 401, `"access_token"`},
		{sandbox.Knobs{}, "POST /oauth/deauthorize?access_token={token}", 200, `{"access_token":"{token}"}`},
		{later, "POST /oauth/deauthorize", 404, "Record Not Found"},
		{domain, "GET " + authorize + "http://localhost:1/x", 302, "/login?next="},
		{sandbox.Knobs{}, "GET /api/v3" + authorize + "http://127.0.0.1/x", 302, "/login?next="},
		{domain, "GET " + authorize + "https://App.example/x", 302, "/login?next="},
		{sandbox.Knobs{}, "GET " + authorize + "https://app.example/x", 400,
			`{"message":"Bad Request","errors":[{"resource":"Application","field":"redirect_uri","code":"invalid"}]}`},
	} {
		s := sandbox.New(tt.knobs)
		tt.run(t, s, signIn(t, s))
	}
}

// TestActivitiesArePaged: a sync that asks for page after page ends, and one that
// asks for what is new gets that alone. They come from the seed.
func TestActivitiesArePaged(t *testing.T) {
	t.Parallel()
	const first, third = "1735711200", "1735999200" // when those activities begin
	for query, want := range map[string]string{
		"per_page=3":                          "44 43 42",
		"per_page=3&page=2":                   "41 40 39",
		"page=2&per_page=40":                  "04 03 02 01 00",
		"page=3&per_page=40":                  "",
		"per_page=3&after=" + first:           "01 02 03",
		"before=" + third:                     "01 00",
		"after=" + first + "&before=" + third: "01",
	} {
		s := sandbox.New(sandbox.Knobs{Activities: 45})
		_, body := call(s, "GET /api/v3/athlete/activities?"+query, signIn(t, s))
		var numbers []string
		whole := regexp.MustCompile(`"id":132100000(\d\d),"start_date":"2025-[^{]*"map":{"id":"\w+","summary_polyline":"\S`)
		for _, m := range whole.FindAllStringSubmatch(body, -1) {
			numbers = append(numbers, m[1])
		}
		if got := strings.Join(numbers, " "); got != want || strings.Count(body, "resource_state\":2,\"athlete") != len(numbers) {
			t.Errorf("%s: got %q, want %q: %s", query, got, want, body)
		}
	}
	list := func(seed int64, scope string) string {
		s := sandbox.New(sandbox.Knobs{Activities: 30, Seed: seed, Scopes: []string{"read", scope}})
		_, body := call(s, "GET /api/v3/athlete/activities", signIn(t, s))
		return body
	}
	all, some := list(1, "activity:read_all"), list(1, "activity:read")
	if all != list(1, "activity:read_all") || all == list(2, "activity:read_all") {
		t.Error("one seed makes two lists, or two seeds make one")
	}
	if !strings.Contains(all, "only_me") || strings.Contains(some, "only_me") {
		t.Error("private activities are seen with activity:read, or not with activity:read_all")
	}
}

func TestGitHubAnswers(t *testing.T) {
	t.Parallel()
	const (
		secret = "/repos/octo/running/actions/secrets/"
		writer = "secrets=write environments=write actions=read contents=write"
		file   = ` {"message":"m","content":"eA==","branch":"main","sha":"0000000000000000000000000000000000000000"}`
	)
	for _, tt := range []struct {
		may, request string
		status       int
	}{
		{writer, "GET /repos/OCTO/Running/actions/secrets/stored", 200},
		{writer, "GET /repos/Octo/RUNNING", 200},
		{writer, "PUT /repos/octo/running/contents/new" + file, 201}, // its sha is ignored
		{writer, "GET /repos/octo/running/environments", 200},
		{"secrets=write environments=write contents=write", "GET /repos/octo/running/environments", 403},
		{writer, "GET /repos/octo/running/environments/my%20env%2Fprod/secrets/public-key", 200},
		{writer, "GET /repos/octo/running/environments/prod/secrets/public-key", 404},
		{writer, "DELETE " + secret + "NONE", 404},
		{writer, "DELETE " + secret + "STORED", 204},
		{"secrets=read", "DELETE " + secret + "STORED", 403},
		{writer, "DELETE /repos/octo/running/git/refs/heads/main", 204},
		{writer, "DELETE /repos/octo/running/git/refs/heads/none", 422},
	} {
		s := sandbox.New(sandbox.Knobs{})
		s.SetSecret("STORED", "value")
		s.AddEnvironment("my env/prod")
		token := s.NewGitHubToken("token", sandbox.GitHubToken{Kind: sandbox.Personal, May: tt.may})
		row{request: tt.request, status: tt.status}.run(t, s, token)
	}
}

// TestControlRefusesWhatItDoesNotKnow: what is mistyped would change nothing.
func TestControlRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	s := sandbox.New(sandbox.Knobs{})
	for _, tt := range []row{
		{request: `knobs {"rotation":"always","latency":"1ms","advance":"7h","scopes":["read"]}`, status: 204},
		{request: `knobs {"rotatoin":"always"}`, says: `"rotatoin"`},
		{request: `knobs {"rotation":"sometimes"}`, says: "never, expiry or always"},
		{request: `knobs {"scopes":["activity:reed"]}`, says: "activity:read_all"},
		{request: `knobs {"early_codes":-1}`, says: "below zero"},
		{request: `knobs {"latency":"soon"}`, says: "duration"},
		{request: `faults {"call":"token","kind":"status","status":503,"times":1}`, status: 204},
		{request: `faults`, status: 204},
		{request: `faults {"call":"tokens","kind":"stall"}`, says: "athlete"},
		{request: `faults {"call":"token","kind":"stal"}`, says: "cut-after"},
		{request: `faults {"call":"token","kind":"status","status":7}`, says: "status"},
		{request: `faults {"call":"token","kind":"stall","time":1}`, says: `"time"`},
		{request: `secret {"target":"TARGET","value":"stored"}`, status: 204},
		{request: `secret {"target":"org:octo/target","value":"stored"}`, status: 204},
		{request: `secret {"target":"octo/nowhere/TARGET","value":"stored"}`, says: "octo/nowhere"},
		{request: `secret {"value":"stored"}`, says: "no place"},
		{request: `secret target=TARGET`, says: "invalid character"},
	} {
		if tt.status == 0 {
			tt.status = 400
		}
		tt.request = "POST /sandbox/" + tt.request
		tt.run(t, s, "")
	}
	check.Equal(t, s.Secret("TARGET")+s.Secret("org:octo/TARGET"), "storedstored", "secrets")
	_, err := sandbox.Listen(t.Context(), "0.0.0.0:0")
	check.That(t, err != nil, "others can reach the sandbox")

	s = sandbox.New(sandbox.Knobs{Activities: 3})
	old, refresh := signIn(t, s), s.LiveRefreshToken()
	row{request: `POST /sandbox/knobs {"rotation":"always","advance":"7h"}`, status: 204}.run(t, s, "")
	token := signIn(t, s)
	if token == old || s.LiveRefreshToken() == refresh {
		t.Error("the clock or the rotation did not change")
	}
	if _, got := call(s, "GET /api/v3/athlete/activities", token); strings.Count(got, `"start_date":`) != 3 {
		t.Error("a knob that was not named has changed")
	}
}
