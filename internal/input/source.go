package input

import (
	"encoding/json"
	"io"
	"os"
	"strconv"
	"strings"

	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/words"
)

// gitHubAddress is the one input that is called by its variable everywhere.
const gitHubAddress = "GITHUB_API_URL"

// gitHubServer has the address of GitHub's pages, which a runner sets.
const gitHubServer = "GITHUB_SERVER_URL"

// Source is where inputs come from: a workflow step, or a shell. Inputs are
// asked for by their names in action.yml.
type Source interface {
	// Text returns an input without the blanks around it.
	Text(name string) string
	// Lines returns an input that is a list. A blank one names nothing.
	Lines(name string) []string
	// Mask hides a value in everything that is printed from now on.
	Mask(secret.Value)
	// Objection is what speaks against a target here, or nothing.
	Objection(store.Target) Fault
	// Withheld is why there are no secrets here, or nothing.
	Withheld() Fault
	// TokenNeeded reports whether a run cannot begin without a refresh token: with
	// a readable target that may have one, or with any target.
	TokenNeeded(readable, anyTarget bool) bool
	// RepositoryID is the numeric id of the input "repo", or 0 if unknown.
	RepositoryID() int64
}

// Workflow is a step of a workflow.
type Workflow struct {
	Getenv func(string) string
	Input  func(name string) string
	Hide   func(secret.Value) bool
}

// Text returns an input of the step, or what the runner says.
func (w Workflow) Text(name string) string {
	switch name {
	case "repo":
		return w.Getenv("GITHUB_REPOSITORY")
	case gitHubAddress, gitHubServer:
		return w.Getenv(name)
	}
	return w.Input(name)
}

// Lines returns the lines that are not blank.
func (w Workflow) Lines(name string) []string {
	var lines []string
	for line := range strings.Lines(w.Text(name)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// Mask tells the runner to hide v.
func (w Workflow) Mask(v secret.Value) { w.Hide(v) }

// Objection refuses a file, the branch that the workflow runs on, and any target on
// a server that is only like GitHub.
func (w Workflow) Objection(t store.Target) Fault {
	switch {
	case w.Getenv("GITEA_ACTIONS") == "true":
		return FaultNotOnGitHub
	case t.IsFile():
		return FaultFileInAction
	case t.IsBranch() && w.Getenv("GITHUB_REF_TYPE") == "branch" && t.Branch == w.Getenv("GITHUB_REF_NAME"):
		return FaultCodeBranch
	}
	return ""
}

// TokenNeeded is false with any target: the run itself leads to the first token.
func (w Workflow) TokenNeeded(_, anyTarget bool) bool { return w.Input("code") == "" && !anyTarget }

// RepositoryID is known from the runner.
func (w Workflow) RepositoryID() int64 {
	id, _ := strconv.ParseInt(w.Getenv("GITHUB_REPOSITORY_ID"), 10, 64)
	return id
}

const maxEvent = 25 << 20 // GitHub's payloads are at most 25 MB

// Withheld names the reason for which GitHub hands this run no secrets.
func (w Workflow) Withheld() Fault {
	if w.Getenv("GITHUB_ACTOR") == "dependabot[bot]" {
		return FaultDependabot
	}
	// pull_request_target runs in the base repository, with its secrets.
	event := w.Getenv("GITHUB_EVENT_NAME")
	if strings.HasPrefix(event, "pull_request") && event != "pull_request_target" && w.isFromFork() {
		return FaultFork
	}
	return ""
}

func (w Workflow) isFromFork() bool {
	f, err := os.Open(w.Getenv("GITHUB_EVENT_PATH"))
	if err != nil {
		return false
	}
	defer f.Close()
	var event struct {
		PullRequest *struct {
			Head struct {
				Repo *struct {
					FullName string `json:"full_name"`
				} `json:"repo"`
			} `json:"head"`
		} `json:"pull_request"`
	}
	if json.NewDecoder(io.LimitReader(f, maxEvent)).Decode(&event) != nil || event.PullRequest == nil {
		return false
	}
	head := event.PullRequest.Head.Repo
	// GitHub answers null for a fork that was deleted meanwhile.
	return head == nil || !strings.EqualFold(head.FullName, w.Text("repo"))
}

// Shell is a command outside a workflow.
type Shell struct {
	Getenv func(string) string
	// Flags are the flags that were given, by the name of the input.
	Flags map[string][]string
	// Answers are inputs that a person was asked for, or that were found elsewhere.
	Answers map[string]secret.Value
}

// Variables are the environment variables of a shell that an input is read
// from; the first one that is set counts.
var Variables = map[string][]string{
	"client-id":      {"STRAVA_CLIENT_ID"},
	"client-secret":  {"STRAVA_CLIENT_SECRET"},
	"refresh-token":  {"STRAVA_REFRESH_TOKEN"},
	"github-token":   {"GH_TOKEN", "GITHUB_TOKEN"},
	"repo":           {"GITHUB_REPOSITORY"},
	"strava-url":     {"STRAVA_URL"},
	"strava-api-url": {"STRAVA_API_URL"},
	gitHubAddress:    {gitHubAddress},
	gitHubServer:     {gitHubServer},
}

// Text returns an answer, a flag, or a variable, in this order.
func (s Shell) Text(name string) string {
	if answer := s.Answers[name]; !answer.Empty() {
		return answer.Reveal()
	}
	if flag := s.Flags[name]; len(flag) > 0 && flag[0] != "" {
		return strings.TrimSpace(flag[0])
	}
	for _, variable := range Variables[name] {
		if text := strings.TrimSpace(s.Getenv(variable)); text != "" {
			return text
		}
	}
	if name == gitHubServer {
		return words.GitHub
	}
	return ""
}

// Lines returns the values of a flag. One may be blank, if it comes from a
// variable that isn't set.
func (s Shell) Lines(name string) []string { return s.Flags[name] }

// Mask does nothing: nobody reads masks here.
func (s Shell) Mask(secret.Value) {}

// Objection has none.
func (s Shell) Objection(store.Target) Fault { return "" }

// Withheld never applies.
func (s Shell) Withheld() Fault { return "" }

// TokenNeeded is true unless a branch or a file may have it.
func (s Shell) TokenNeeded(readable, _ bool) bool { return !readable }

// RepositoryID is not known.
func (s Shell) RepositoryID() int64 { return 0 }
