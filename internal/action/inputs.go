package action

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/strava"
	"strava-token/internal/transport"
)

// inputs are what the workflow handed over, checked.
type inputs struct {
	clientID        string
	clientSecret    secret.Value
	refreshToken    secret.Value
	githubToken     secret.Value
	targets         []store.Target
	requireScopes   []string
	expectedAthlete int64
	verify          bool
	recovery        bool
	exportEnv       bool
	exposeRefresh   bool
	doctor          bool
	ask             bool         // show the link that leads to a code
	code            secret.Value // empty unless the workflow passes one
	granted         []string     // the scopes that the code's address named
	stravaURL       *url.URL
	stravaAPIURL    *url.URL
	githubURL       *url.URL
}

// DefaultGitHubURL is where the API is unless GITHUB_API_URL says otherwise.
const DefaultGitHubURL = "https://api.github.com"

// read takes every input, masks the secret ones, and returns all problems at
// once.
func (e *edge) read() (inputs, *InputError) {
	r := reader{edge: e}
	in := inputs{
		clientSecret: r.credential("client-secret"),
	}
	in.clientID = r.clientID("client-id")
	in.requireScopes = r.scopes("require-scopes")
	in.ask, in.code, in.granted = r.code("code", in)
	in.targets = r.targets("rotate-to")
	if text := r.input("refresh-token"); text != "" || !in.ask && !r.coded && !slices.ContainsFunc(in.targets, store.Target.Readable) {
		in.refreshToken = r.credential("refresh-token")
	}
	in.githubToken = r.githubToken("github-token", len(in.targets) > 0)
	in.expectedAthlete = r.athlete("expected-athlete")
	in.verify = r.boolean("verify", true)
	in.recovery = r.boolean("recovery", true)
	in.exportEnv = r.boolean("export-env", false)
	in.exposeRefresh = r.boolean("expose-refresh-token", false)
	in.doctor = r.boolean("doctor", false)
	in.stravaURL = r.address("strava-url", r.input("strava-url"), strava.DefaultURL)
	in.stravaAPIURL = r.address("strava-api-url", r.input("strava-api-url"), strava.DefaultAPIURL)
	in.githubURL = r.address("GITHUB_API_URL", e.getenv("GITHUB_API_URL"), DefaultGitHubURL)
	r.files(in.exportEnv)
	if len(r.problems) == 0 {
		return in, nil
	}
	return in, &InputError{Problems: r.withoutSecrets()}
}

// reader reads one input after the other and collects what is wrong.
type reader struct {
	edge     *edge
	problems []Problem
	coded    bool // a code was passed, so that no refresh token is needed
}

func (r *reader) input(name string) string { return r.edge.sdk.GetInput(name) }

func (r *reader) problem(input string, fault Fault, detail string) {
	r.problems = append(r.problems, Problem{Input: input, Fault: fault, Detail: detail})
}

// credential reads a secret and masks it before anything else is done with it.
// What is no credential is not masked: the mask of a blank, a word or a few
// characters would mangle everything else in the log.
func (r *reader) credential(name string) secret.Value {
	text := r.input(name)
	flaw := secret.Inspect(text)
	switch flaw {
	case secret.Missing, secret.Placeholder, secret.Short, secret.Expression:
	default:
		r.edge.Mask(secret.New(text))
	}
	if flaw != "" {
		r.problem(name, Fault(flaw), "")
	}
	return secret.New(text)
}

func (r *reader) githubToken(name string, needed bool) secret.Value {
	text := r.input(name)
	if text == "" && !needed {
		return secret.Value{}
	}
	return r.credential(name)
}

// clientID reads the number that Strava shows as Client ID. The client secret in
// its place is masked like one.
func (r *reader) clientID(name string) string {
	text := r.input(name)
	fault := InspectClientID(text)
	switch fault {
	case FaultSecretAsID:
		r.edge.Mask(secret.New(text))
	case Fault(secret.Missing):
		fault = FaultMissingClientID
	}
	if fault != "" {
		r.problem(name, fault, "")
	}
	return text
}

// InspectClientID looks for the fault of a client id, which is a number. Forty
// hexadecimal digits in its place are the client secret.
func InspectClientID(text string) Fault {
	switch flaw := secret.Inspect(text); {
	case flaw == secret.Missing, flaw == secret.Placeholder, flaw == secret.Expression, flaw == secret.Quoted, flaw == secret.Whitespace:
		return Fault(flaw)
	case len(text) == 40 && isHex(text):
		return FaultSecretAsID
	case !isNumber(text):
		return FaultNotANumber
	}
	return ""
}

func (r *reader) scopes(name string) []string {
	scopes, problems := ParseScopes(name, r.input(name))
	r.problems = append(r.problems, problems...)
	return scopes
}

// ParseScopes reads a list of scopes, and refuses those that Strava does not
// have.
func ParseScopes(input, text string) (scopes []string, problems []Problem) {
	scopes = strava.SplitScopes(text)
	for _, s := range scopes {
		if !strava.KnownScope(s) {
			problems = append(problems, Problem{Input: input, Fault: FaultUnknownScope, Detail: Quotable(s)})
		}
	}
	return scopes, problems
}

func (r *reader) athlete(name string) int64 {
	text := r.input(name)
	if text == "" {
		return 0
	}
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 || !isNumber(text) {
		r.problem(name, FaultNotANumber, "")
	}
	return id
}

func (r *reader) boolean(name string, fallback bool) bool {
	switch text := r.input(name); strings.ToLower(text) {
	case "":
		return fallback
	case "true":
		return true
	case "false":
		return false
	default:
		r.problem(name, FaultNotABoolean, Quotable(text))
		return fallback
	}
}

func (r *reader) address(name, text, fallback string) *url.URL {
	if text == "" {
		text = fallback
	}
	u, err := transport.ParseAddress(text)
	if err != nil {
		r.problem(name, FaultInsecureAddress, "")
		return nil
	}
	if name == "strava-url" && strings.Trim(u.Path, "/") != "" {
		r.problem(name, FaultPath, "")
	}
	return u
}

// files makes sure, before anything is spent, that the outputs can be written.
func (r *reader) files(exportEnv bool) {
	if !r.edge.writable(outputFile) {
		r.problem(outputFile, FaultUnwritable, "")
	}
	if exportEnv && !r.edge.writable(envFile) {
		r.problem(envFile, FaultUnwritable, "")
	}
}

func isNumber(s string) bool {
	return s != "" && len(s) <= 18 && !strings.ContainsFunc(s, func(c rune) bool { return c < '0' || c > '9' })
}

func isHex(s string) bool {
	return !strings.ContainsFunc(strings.ToLower(s), func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'f')
	})
}

// Quotable is s as it can be printed back: short, on one line, and nothing where
// it could be a secret in the wrong place.
func Quotable(s string) string {
	if len(s) > 100 || longestWord(s) >= 24 || githubToken(s) {
		return ""
	}
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return -1
		}
		return c
	}, s)
}

// longestWord is the length of the longest run of letters and digits.
func longestWord(s string) int {
	longest := 0
	for _, word := range strings.FieldsFunc(s, func(c rune) bool { return !isAlphanumeric(c) }) {
		longest = max(longest, len(word))
	}
	return longest
}

func isAlphanumeric(c rune) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// githubToken reports whether s holds the mark of GitHub's tokens: ghp_, gho_,
// ghs_, github_pat_ and the like.
func githubToken(s string) bool {
	for rest := s; ; {
		_, after, found := strings.Cut(rest, "gh")
		if !found {
			return strings.Contains(s, "github_pat_")
		}
		if len(after) > 1 && after[1] == '_' {
			return true
		}
		rest = after
	}
}
