package cli

// commandHints returns the words for what the commands say.
func commandHints() map[string]hint {
	return map[string]hint{
		// The checklist of doctor.
		"doctor/shadowed": {
			"{by} is read instead of {target}.",
			"the narrowest scope wins: environment over repository over organization. Where a job reads {by}, a new refresh token in {target} is one that nobody reads.",
			"write to the secret that the job reads, or delete the other one.",
		},
		"doctor/unproven-write": {
			"Whether {target} can be written could not be proved.",
			"GitHub's answer to an attempt without a value left it open.",
			"nothing, unless a run says that it could not write.",
		},
		"doctor/shadows-unknown": {
			"Whether another secret is read instead of {target} could not be told.",
			"{github-token} may not list the places where a narrower one could be.",
			"nothing, as long as only one secret has that name.",
		},
		"doctor/app-unchecked": {
			"Whether the client id and the client secret belong together could not be checked.",
			"{cause}",
			"run doctor again later.",
		},
		"doctor/no-target": {
			"The refresh token was not tried.",
			"trying it may replace it, and no target was given that could keep the new one.",
			"name the target that keeps it with {rotate-to}.",
		},
		"doctor/not-tried": {
			"The refresh token was left alone.",
			"trying it may replace it, and what failed above would keep the new one from being stored.",
			"mend what failed above, then run doctor again.",
		},

		// The login command.
		"login/port": {
			"Port {port} on this machine cannot be used.",
			"the browser comes back to it, and another program listens there, or only root may.",
			"choose another one with --port; Strava lets any port through.",
		},
		"login/nobody-came": {
			"Nobody came back from Strava within five minutes.",
			"two of Strava's pages never lead back: a raw error about redirect_uri, where Authorization Callback Domain is not localhost, and the one that says that the limit of connected athletes is exceeded.",
			"look at the browser. Set the domain to localhost at https://www.strava.com/settings/api, or free a place by revoking another athlete's access, then start login again.",
		},
		"login/denied": {
			"Access was not granted.",
			"Cancel was chosen on Strava's page.",
			"start login again, and choose Authorize.",
		},
		"login/wrong-state": {
			"The pasted address belongs to another login.",
			"its state is not the one that was sent; it may be left over from an earlier try.",
			"open the address above, and paste the one of the page that follows.",
		},
		"login/no-code": {
			"What was pasted holds no authorization code.",
			"it is neither a code nor the address of the page that Strava sent the browser to.",
			"paste the whole address of the page that did not load; it has code= in it.",
		},
		"login/unticked": {
			"Strava did not grant {scopes}.",
			"a box was unticked on its page. The code was not used yet.",
			"ask again, and leave every box ticked.",
		},
		"login/no-github-token": {
			"There is no GitHub token to write the secrets with.",
			"neither GH_TOKEN nor GITHUB_TOKEN is set, and gh is not logged in.",
			"run gh auth login, or set GH_TOKEN to a fine-grained token with Secrets: read and write from https://github.com/settings/personal-access-tokens/new.",
		},
		"login/secrets": {
			"--secrets is neither strava nor running_page.",
			"it says what the three secrets are called.",
			"write --secrets strava, or --secrets running_page for a fork of running_page.",
		},
		"login/format": {
			"--format is neither json nor dotenv.",
			"it says how the credentials are printed.",
			"write --format json or --format dotenv.",
		},
		"login/repository": {
			"--repo is not written as owner/name.",
			"it names the repository whose secrets are written.",
			"write --repo owner/name, as in the repository's address.",
		},
		"login/together": {
			"These flags do not go together.",
			"--format hands the credentials over instead of storing them in --repo, --environment belongs to --repo, and a file beside it would hold the same refresh token: whoever used one of them would kill the other.",
			"leave one of them out, or add --repo owner/name to --environment.",
		},
		"login/no-port": {
			"--port is no port.",
			"a port is a number from 0 to 65535; 0 is any free one.",
			"write --port 8000, or leave it out.",
		},
		"login/no-scope": {
			"--scope is empty.",
			"without a scope the token could read nothing.",
			"write --scope read,activity:read_all, or leave it out.",
		},
		"login/file": {
			"{file} cannot be written.",
			"it exists already, or its folder cannot be written. Nothing was opened.",
			"delete it if it is of an earlier login, or name another file with --output.",
		},

		// The recover command.
		"recover/no-destination": {
			"It is not said where the refresh token goes.",
			"recover proves the token by refreshing with it, and what Strava returns must go somewhere.",
			"add --rotate-to TARGET to store it ({targets}), or --print to print it.",
		},
		"recover/several-athletes": {
			"The log holds refresh tokens of several athletes.",
			"which of them is wanted is not said: {targets}.",
			"name the target of one with --rotate-to, or save the log of one job alone and pass that.",
		},
		"recover/no-text": {
			"There is no recovery text in this.",
			"it begins with -----BEGIN AGE ENCRYPTED FILE----- and ends with the line END of the same kind.",
			"save the whole log of the run that printed it, and pass that file.",
		},
		"recover/wrong-secret": {
			"The recovery text does not open with this client secret.",
			"it was sealed under another client secret, or it was damaged on the way.",
			"use the Client Secret that the app had when the text was printed, and download the whole log again rather than copying from it.",
		},
		"recover/not-ours": {
			"What was sealed is not a refresh token of this program.",
			"the text opens, but it holds something else.",
			"save the whole log of the run that printed the recovery text, and pass that file.",
		},
		"recover/no-file": {
			"The file cannot be read.",
			"{cause}",
			"check its name, or leave it out and pass the text through standard input.",
		},
		"recover/no-secret": {
			"The client secret cannot be asked for.",
			"there is no terminal to ask at.",
			"set STRAVA_CLIENT_SECRET.",
		},

		// The command line.
		"usage/no-command": {
			"There is no such command.",
			"the first word says what strava-token does.",
			"strava-token --help lists the commands.",
		},
		"usage/no-flag": {
			"There is no such flag{detail}.",
			"{command} does not know it, and no secret is taken from a flag: they are read from the environment.",
			"{command} --help lists the flags.",
		},
		"usage/no-value": {
			"{flag} needs a value.",
			"nothing stands behind it.",
			"{command} --help says what it takes.",
		},
		"usage/bad-value": {
			"The value of {flag} cannot be used.",
			"it takes {form}.",
			"correct it; {command} --help shows an example.",
		},
		"usage/arguments": {
			"There is a word too many.",
			"{command} does not take it, and no secret is taken from the command line: they are read from the environment.",
			"{command} --help shows how it is written.",
		},

		// The commands refresh and exec.
		"refresh/format": {
			"--format is none of token, json and dotenv.",
			"it says how the access token is printed.",
			"write --format token, --format json or --format dotenv.",
		},
		"refresh/min-validity": {
			"--min-validity is not between 0 and 6 hours.",
			"Strava's access tokens last six hours at most.",
			"write --min-validity 30m, for example, or leave it out.",
		},
		"refresh/too-short": {
			"The access token lasts {left} more, and {wanted} was asked for.",
			"Strava hands the same access token back until less than an hour of it is left, and only then issues a new one.",
			"wait until {renewed} and run again, or ask for less than an hour with --min-validity.",
		},
		"refresh/not-printed": {
			"The access token could not be printed.",
			"standard output was closed.",
			"run again, with a reader at standard output.",
		},
		"exec/no-command": {
			"There is no command to run.",
			"this command refreshes, and then runs what stands behind --.",
			"write strava-token exec -- COMMAND ARGUMENTS.",
		},
		"exec/not-executable": {
			"The command may not be run{detail}.",
			"it is there, but not executable, so nothing was sent to Strava.",
			"run chmod +x on it, and start again.",
		},
		"exec/here": {
			"The command is not looked for in this folder{detail}.",
			"a program of that name stands here, and PATH alone decides which one is meant, so nothing was sent to Strava.",
			"write its path, as in ./sync.sh.",
		},
		"exec/cancelled": {
			"The run was cancelled before the command was started.",
			"what Strava issued was kept first.",
			"start it again when you want to.",
		},
		"exec/not-found": {
			"The command cannot be found{detail}.",
			"nothing was sent to Strava, since nobody would use the token.",
			"correct the command behind --, or its PATH.",
		},
		"exec/not-run": {
			"The command could not be started.",
			"the system says: {system}. The refresh token is kept, as without a command.",
			"look at its first line: it must name a program of this machine that runs it, as in #!/bin/sh, without a carriage return behind it.",
		},
	}
}
