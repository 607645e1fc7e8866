package cli

// inputHints returns the words for what is wrong with an input.
func inputHints() map[string]hint {
	return map[string]hint{
		// Inputs. Nothing was sent anywhere.
		"input/missing": {
			"{input} is missing.",
			"nothing is in it{where-it-may-be-missing}.",
			"{how-to-get}.",
		},
		"input/missing-client-id": {
			"{input} is missing.",
			"nothing is in it; the variable that it reads may not exist.",
			"add the variable STRAVA_CLIENT_ID under Settings, Secrets and variables, Actions, Variables, with the number from https://www.strava.com/settings/api (for the first token a secret of that name is not enough: it would be hidden in the link).",
		},
		"input/quoted": {
			"{input} is in quotes.",
			"they were copied along, or come from a file that keeps them, as docker --env-file does.",
			"put the value without the quotes into {place}.",
		},
		"input/placeholder": {
			"{input} holds a placeholder.",
			"a word such as null, undefined or xxx stands where the value belongs.",
			"put the real value into {place}.",
		},
		"input/expression": {
			"{input} holds an expression that was never evaluated.",
			"a ${{ is left in it.",
			"write ${{ secrets.NAME }} in the workflow, and the value alone into {place}.",
		},
		"input/whitespace": {
			"{input} has a blank or a line break inside.",
			"it was most likely copied together with something else.",
			"copy the value alone into {place}.",
		},
		"input/unprintable": {
			"{input} holds a character that no credential has.",
			"it was most likely copied from formatted text.",
			"copy the value again, as plain text, into {place}.",
		},
		"input/short": {
			"{input} is too short.",
			"it has fewer than eight characters, which no credential has.",
			"copy the whole value into {place}.",
		},
		"input/long": {
			"{input} is too long.",
			"it has more than 2048 characters, which no credential has.",
			"copy the value alone into {place}.",
		},
		"input/not-a-number": {
			"{input} is not a number.",
			"Strava's client ids and athlete ids are digits only.",
			"take client-id from https://www.strava.com/settings/api, and expected-athlete from the address of your profile page.",
		},
		"input/secret-as-id": {
			"{input} holds what looks like the client secret.",
			"the client id is a number; the client secret is forty letters and digits.",
			"put the number shown as Client ID at https://www.strava.com/settings/api into {input}.",
		},
		"input/not-a-boolean": {
			"{input} is neither true nor false{detail}.",
			"it is a switch.",
			"write true or false.",
		},
		"input/unknown-scope": {
			"{input} names a scope that Strava does not have{detail}.",
			"the scopes are read, read_all, profile:read_all, profile:write, activity:read, activity:read_all and activity:write.",
			"correct the name.",
		},
		"input/insecure-address": {
			"{input} is not an https address.",
			"the credentials go there, so it must be https (or http on this machine), without a user, a query or a fragment.",
			"correct the address, or leave it out.",
		},
		"input/unknown-target": {
			"{input} names a target that is not known{detail}.",
			"a target is NAME, NAME@environment, owner/repo/NAME, owner/repo/NAME@environment, org:ORG/NAME, branch:BRANCH, branch:BRANCH#NAME or file:PATH.",
			"correct the line.",
		},
		"input/credential": {
			"{input} holds a credential instead of a name.",
			"it takes the name of the secret that keeps the refresh token, never its value, which would be printed and sent.",
			"write the name alone, as in {rotate-to-example}.",
		},
		"input/path": {
			"{input} has a path.",
			"it is the host alone; /oauth/token is added to it.",
			"write https://www.strava.com, or leave it out.",
		},
		"input/code-branch": {
			"{input} names the branch that this workflow runs on{detail}.",
			"the file would be committed among the code each time, and start whatever a push there starts.",
			"name a branch of its own, which is made when first needed: branch:strava-token.",
		},
		"input/bad-branch-name": {
			"{input} names a branch that cannot be used{detail}.",
			"the name of a branch has letters, digits and - _ . / +, no two dots in a row, is not HEAD and does not begin with refs/; behind a # may stand the name of an athlete, in letters, digits, - and _.",
			"write branch:strava-token, or branch:strava-token#NAME.",
		},
		"input/bad-path": {
			"{input} names a file whose path cannot be used{detail}.",
			"the path of a file stands behind file:, and ~ means something to a shell alone.",
			"write file:/var/lib/strava/token, or \"file:$HOME/.strava/token\".",
		},
		"input/file-in-action": {
			"{input} names a file{detail}.",
			"in a workflow it would vanish with the container, or be committed with the workspace.",
			"name a branch, as in branch:strava-token, or a secret; file: is for strava-token refresh and exec.",
		},
		"input/two-stores": {
			"{input} names two targets that can be read back{detail}.",
			"a branch or a file decides which refresh token is the newest, and two of them could disagree.",
			"keep one of them; secrets may stand beside it.",
		},
		"input/bad-secret-name": {
			"{input} names a secret that GitHub cannot have{detail}.",
			"a name has letters, digits and underscores, and starts neither with a digit nor with GITHUB_.",
			"correct the name.",
		},
		"input/no-repository": {
			"{input} needs a repository{detail}.",
			"{repository-source} does not say which one, as owner/name.",
			"write {repository-how}.",
		},
		"input/doubled-target": {
			"{input} names the same target twice{detail}.",
			"each target is written once.",
			"remove one of the lines.",
		},
		"input/unwritable": {
			"The file that {input} names cannot be written.",
			"outputs would be lost, so nothing was begun.",
			"run this as a step of a workflow, in a container that runs as root.",
		},
		"input/wrong-state": {
			"{input} holds the address of another login.",
			"its state is not the one in the link that this app, with these scopes and this client secret, shows.",
			"run the workflow without a code, open the link that it shows now, and paste the address of the page that follows.",
		},
		"input/no-code": {
			"{input} holds no authorization code.",
			"it is neither a code nor the address of the page that Strava sent the browser to.",
			"paste the whole address of the page that did not load; it begins with http://localhost and has code= in it.",
		},
		"input/denied": {
			"Access was not granted.",
			"the address in {input} says that Cancel was chosen on Strava's page.",
			"run the workflow without a code, open the link, and choose Authorize.",
		},
		"input/unticked": {
			"A box was unticked on Strava's page{detail}.",
			"the code in {input} would give a token without that scope, so it was not used.",
			"run the workflow without a code, open the link again, and leave every box ticked.",
		},
		"input/fork": {
			"This run got no secrets, because it comes from a fork ({input} empty).",
			"GitHub hands secrets to no pull request from a fork.",
			"run the workflow in the repository itself, or skip this step for forks.",
		},
		"input/dependabot": {
			"This run got no secrets, because Dependabot started it ({input} empty).",
			"GitHub hands Dependabot its own secrets only.",
			"skip this step for Dependabot, or add the values under Settings, Secrets and variables, Dependabot.",
		},
		"input/not-in-actions": {
			"strava-token action runs inside GitHub Actions only.",
			"elsewhere nothing would read its masks, and they would print the secrets.",
			"use it as a step of a workflow: the README's first lines show one.",
		},
	}
}
