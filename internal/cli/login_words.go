package cli

import (
	"fmt"
	"slices"
	"strings"

	"strava-token/internal/login"
	"strava-token/internal/provider"
	"strava-token/internal/store"
)

func (l *loginCommand) say(text string) { _, _ = fmt.Fprintln(l.p.Stderr, text) }

// closingPage tells the browser how it ended.
func closingPage(o *provider.Outcome, grant login.Grant) login.Page {
	if len(o.Failures) == 0 {
		lines := []string{"The refresh token" + whose(o) + " is in place."}
		if grant.Scopes != nil {
			lines = append(lines, "Granted: "+strings.Join(grant.Scopes, ", ")+".")
		}
		return login.Page{Status: 200, Title: "It worked", Lines: append(lines, "You can close this window.")}
	}
	p := login.Page{Status: 500, Title: "Something went wrong"}
	if len(o.Kept) > 0 {
		p.Lines = append(p.Lines, "The refresh token itself is safe in "+strings.Join(o.Kept, ", ")+".")
	}
	for _, err := range o.Failures {
		for _, m := range shellNames.explain(err) {
			p.Lines = append(p.Lines, m.What+" "+m.Why, "Next: "+m.Next)
		}
	}
	p.Lines = append(p.Lines, "The terminal says the same. You can close this window.")
	return p
}

// tellWhatNow says where the refresh token is, and ends with what to do now.
func (l *loginCommand) tellWhatNow(o *provider.Outcome, k *keeper, grant login.Grant) {
	kept := "The refresh token" + whose(o)
	if l.format == "" {
		l.say("\n" + kept + " is kept in " + strings.Join(o.Kept, ", ") + ".")
	}
	_, _, refreshName, _ := l.secretNames()
	handed := k.handed != nil && k.handed.done && l.format == ""
	if handed && k.handed.apart && l.target("file:") != "" {
		l.say("The client id and the client secret are in " + l.output + ". From now on this prints an access token:\n")
		command := "  set -a && . " + sourced(l.output) + " && set +a && strava-token refresh"
		for _, target := range l.rotateTo {
			command += " --rotate-to " + shellQuote(target)
		}
		l.say(command)
		return
	}
	if handed {
		l.say("Put the values into the repository's secrets, then delete the file:")
		where := " --repo OWNER/REPO"
		if l.repo() != "" {
			where = " --repo " + l.repo()
		}
		if l.environment != "" {
			where += " --env " + shellQuote(l.environment)
		}
		for _, name := range k.handed.held() {
			l.say("  sed -n 's/^" + name + "=//p' " + shellQuote(l.output) + ` | tr -d '\n' | gh secret set ` + name + where)
		}
		l.say("  rm " + shellQuote(l.output))
	}
	if l.format != "" || len(o.Failures) > 0 {
		return
	}
	scopes := l.scopes
	if missing := grant.Missing(scopes); len(missing) > 0 {
		scopes = grant.Scopes
		l.note("warning", "the token lacks "+strings.Join(missing, ", ")+", so the workflow below does not require it")
	}
	if l.names == "running_page" {
		l.say("\nrunning_page's own workflow reads these secrets; examples/running_page.yml shows how to change it.")
		return
	}
	targets := l.workflowTargets(refreshName)
	if slices.ContainsFunc(targets, func(target string) bool { return !strings.HasPrefix(target, "branch:") }) {
		permission := "Secrets"
		if l.environment != "" {
			permission = "Environments"
		}
		l.say("\nThe workflow below writes a secret, for which it needs one more: SECRETS_WRITER, a fine-grained personal access token")
		l.say("with " + permission + ": read and write, from https://github.com/settings/personal-access-tokens/new.")
		l.say("With a branch alone, --rotate-to branch:strava-token, it would need none.")
	}
	l.say("\nNow copy this into .github/workflows/sync.yml (OWNER is whoever publishes the action you use):\n")
	l.say(workflow(targets, refreshName, l.environment, scopes))
}

// whose names the athlete, as far as is known.
func whose(o *provider.Outcome) string {
	switch {
	case o.AthleteID == 0:
		return ""
	case o.Token.AthleteName == "":
		return fmt.Sprintf(" of athlete %d", o.AthleteID)
	}
	return fmt.Sprintf(" of %s (athlete %d)", o.Token.AthleteName, o.AthleteID)
}

// shellQuote is s as one word of a POSIX shell.
func shellQuote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:", c)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// workflowTargets are what the workflow has to keep: a branch, or else the secret
// that was stored, and every further target.
func (l *loginCommand) workflowTargets(refreshName string) []string {
	if l.environment != "" {
		refreshName += "@" + l.environment
	}
	all := l.rotateTo
	if l.target("branch:") == "" {
		all = append([]string{refreshName}, all...)
	}
	var targets []string
	seen := map[string]bool{}
	for _, text := range all {
		t, err := store.Parse(strings.TrimSpace(text), l.repo())
		switch {
		case err != nil: // of a repository that is not known here
			targets = append(targets, text)
		case t.Path == "" && !seen[t.Key()]: // a workflow has no file
			targets, seen[t.Key()] = append(targets, strings.TrimSpace(text)), true
		}
	}
	return targets
}

// workflow is the workflow to copy, filled in. With a branch alone the built-in
// token is all it takes.
func workflow(targets []string, refreshName, environment string, scopes []string) string {
	job, kept, onBranch, elsewhere := "", "", false, false
	if environment != "" {
		job = "\n    environment: " + environment
	}
	for _, target := range targets {
		isBranch := strings.HasPrefix(target, "branch:")
		onBranch, elsewhere = onBranch || isBranch, elsewhere || !isBranch
	}
	if onBranch {
		job += "\n    permissions:\n      contents: write # for the branch that keeps the refresh token"
	} else {
		kept += "\n          refresh-token: ${{ secrets." + refreshName + " }}"
	}
	if len(targets) == 1 {
		kept += "\n          rotate-to: " + targets[0]
	} else {
		kept += "\n          rotate-to: |\n            " + strings.Join(targets, "\n            ")
	}
	if elsewhere {
		kept += "\n          github-token: ${{ secrets.SECRETS_WRITER }}"
	}
	return `name: Sync
on:
  schedule:
    - cron: "17 5 * * *"
  workflow_dispatch:
concurrency: strava
permissions: {}
jobs:
  sync:
    runs-on: ubuntu-latest` + job + `
    steps:
      - id: strava
        uses: OWNER/strava-token@v1
        with:
          client-id: ${{ vars.STRAVA_CLIENT_ID || secrets.STRAVA_CLIENT_ID }}
          client-secret: ${{ secrets.STRAVA_CLIENT_SECRET }}` + kept + `
          require-scopes: ` + strings.Join(scopes, ",") + `
      - env:
          ACCESS_TOKEN: ${{ steps.strava.outputs.access-token }}
        run: |
          curl -sf -H "Authorization: Bearer $ACCESS_TOKEN" "https://www.strava.com/api/v3/athlete/activities?per_page=5" >activities.json`
}

// target is the one among the further targets that begins like this, or nothing.
func (l *loginCommand) target(prefix string) string {
	for _, target := range l.rotateTo {
		if strings.HasPrefix(target, prefix) {
			return target
		}
	}
	return ""
}

// sourced is the path of a file as the shell's dot takes it, which looks for a bare
// name in PATH.
func sourced(path string) string {
	if !strings.Contains(path, "/") {
		path = "./" + path
	}
	return shellQuote(path)
}
