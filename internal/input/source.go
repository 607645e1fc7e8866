package input

import (
	"strings"

	"strava-token/internal/secret"
	"strava-token/internal/store"
	"strava-token/internal/words"
)

// gitHubAddress is the one input that goes by its variable's name everywhere.
const gitHubAddress = "GITHUB_API_URL"

// gitHubServer is the variable with the address of GitHub's pages, set by the runner.
const gitHubServer = "GITHUB_SERVER_URL"

// Source is where inputs come from: a workflow step, or a shell. Inputs go by their
// names in action.yml.
type Source interface {
	// Text returns an input without the blanks around it.
	Text(name string) string
	// Lines returns the entries of an input that is a list. Some may be blank.
	Lines(name string) []string
	// step returns the workflow step, or nil in a shell.
	step() *Workflow
}

// Workflow is a step of a workflow.
type Workflow struct {
	Getenv func(string) string
	Input  func(name string) string
	Hide   func(secret.Value) bool
	Event  map[string]any // what started the workflow; nil if unknown
}

// Text returns an input of the step, or the value that the runner sets.
func (w *Workflow) Text(name string) string {
	switch name {
	case "repo":
		return w.Getenv("GITHUB_REPOSITORY")
	case gitHubAddress, gitHubServer:
		return w.Getenv(name)
	}
	return w.Input(name)
}

// Lines returns the lines that aren't blank.
func (w *Workflow) Lines(name string) []string {
	var lines []string
	for line := range strings.Lines(w.Text(name)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func (w *Workflow) step() *Workflow { return w }

// objection returns what is wrong with a target in a workflow: it's a file, it's the
// branch that the workflow runs on, or the server only resembles GitHub.
func (w *Workflow) objection(t store.Target) Fault {
	switch {
	case w == nil:
		return ""
	case w.Getenv("GITEA_ACTIONS") == "true":
		return FaultNotOnGitHub
	case t.IsFile():
		return FaultFileInAction
	case t.IsBranch() && w.Getenv("GITHUB_REF_TYPE") == "branch" && t.Branch == w.Getenv("GITHUB_REF_NAME"):
		return FaultCodeBranch
	}
	return ""
}

// withheld returns why GitHub gives this run no secrets, or "".
func (w *Workflow) withheld() Fault {
	if w == nil {
		return ""
	}
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

func (w *Workflow) isFromFork() bool {
	request, isRequest := w.Event["pull_request"].(map[string]any)
	head, _ := request["head"].(map[string]any)
	repository, _ := head["repo"].(map[string]any) // GitHub says null if the fork was deleted meanwhile
	name, _ := repository["full_name"].(string)
	return isRequest && !strings.EqualFold(name, w.Text("repo"))
}

// Shell is a command outside a workflow.
type Shell struct {
	Getenv func(string) string
	// Flags are the given flags, by the name of the input.
	Flags map[string][]string
	// Answers are inputs that a person was asked for, or that were found elsewhere.
	Answers map[string]secret.Value
}

func (s Shell) step() *Workflow { return nil }

// Variables are the environment variables that a shell's input is read from; the
// first one that is set counts.
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

// Text returns an answer, a flag or a variable, in this order.
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

// Lines returns the values of a flag. One is blank if it comes from a variable that
// isn't set.
func (s Shell) Lines(name string) []string { return s.Flags[name] }
