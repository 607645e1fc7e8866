package cli

// storeHints returns the words for targets that refuse.
func storeHints() map[string]hint {
	return map[string]hint{
		// GitHub's secrets API.
		"store/bad-credentials": {
			"GitHub refused the token that writes {target}.",
			"the value of {github-token} is expired, revoked or mistyped.",
			"create a new token at https://github.com/settings/personal-access-tokens and update {github-token-place}.",
		},
		"store/integration-forbidden": {
			"The built-in token cannot write {target}.",
			"the built-in GITHUB_TOKEN can never write secrets, whatever permissions: says; a GitHub App needs the permission secrets: write.",
			"pass a fine-grained personal access token with {permission}, or an App's token, as {github-token}.",
		},
		"store/personal-forbidden": {
			"The personal access token may not write {target}.",
			"it lacks {permission}, or the organization has not approved it.",
			"add the permission at https://github.com/settings/personal-access-tokens, and ask an owner to approve it where an organization must.",
		},
		"store/forbidden": {
			"GitHub does not let {github-token} write {target}.",
			"it answered with status 403 and gave no known reason.",
			"check that the token has {permission}, and that the organization's rules and single sign-on let it through.",
		},
		"store/repository-not-found": {
			"{github-token} cannot see the repository of {target}.",
			"the repository does not exist, or the token was not given access to it; GitHub answers both alike.",
			"check the spelling in {rotate-to}, and the repositories selected for the token at https://github.com/settings/personal-access-tokens.",
		},
		"store/environment-not-found": {
			"{github-token} cannot see the environment of {target}.",
			"the environment does not exist, or the token lacks Environments: read and write.",
			"check the spelling in {rotate-to} against Settings, Environments, and the token's permissions.",
		},
		"store/organization-not-found": {
			"{github-token} cannot see the secrets of the organization in {target}.",
			"the organization does not exist, or the token lacks {permission}.",
			"check the spelling in {rotate-to}, and the token's permissions.",
		},
		"store/secret-not-found": {
			"There is no secret {target}.",
			"a name that nobody reads would swallow the new refresh token, so a secret is only ever replaced.",
			"correct {rotate-to}, or create {name} with the current refresh token under Settings, Secrets and variables, Actions.",
		},
		"store/write-refused": {
			"{github-token} can read {target} but not write it.",
			"it needs {permission}.",
			"add the permission at https://github.com/settings/personal-access-tokens.",
		},
		"store/bad-public-key": {
			"The public key for {target} is not one.",
			"{host} sent something other than a key of 32 bytes, with which nothing can be sealed.",
			"check whether a proxy or GITHUB_API_URL stands in between, then run again.",
		},
		"store/conflict": {
			"GitHub reported a conflict about {target}.",
			"it answered with status 409: something else was changing it at the same time.",
			"give the workflow a concurrency: group, so that its runs wait for each other.",
		},
		"store/unprocessable": {
			"GitHub would not accept the request for {target}.",
			"it answered with status 422, which can mean that the public key was just replaced.",
			"run again.",
		},
		"store/rate-limited": {
			"GitHub's rate limit for {github-token} is used up.",
			"{target} cannot be written before it is lifted{until-github}.",
			"run again after that.",
		},
		"store/moved": {
			"The address of {target} moved.",
			"the repository was renamed or transferred; a redirect is never followed with a secret in hand.",
			"put the new name into {rotate-to}.",
		},
		"store/outage": {
			"GitHub is out of order.",
			"it answered with status {status} when asked for {target}.",
			"run again later. https://www.githubstatus.com tells when it is back.",
		},
		"store/unreachable": {
			"{host} did not answer.",
			"the request for {target} went unanswered.",
			"check the runner's network and HTTPS_PROXY, then run again.",
		},
		"store/bad-certificate": {
			"{host} could not prove who it is.",
			"its certificate does not verify, so {target} was not written.",
			"if a proxy of yours inspects connections, name its root certificate in SSL_CERT_FILE.",
		},
		"store/overtaken": {
			"{target} was updated while this run was writing it.",
			"either this run's own write arrived and only its answer was lost, or another run wrote a newer one. It was not repeated, so that a newer one stays.",
			"give the workflow a concurrency: group, and start a new run: if that works, all is well.",
		},
		"store/unrecognized": {
			"GitHub's answer about {target} cannot be used.",
			"{host} sent something that its documentation does not name.",
			"check whether a proxy or GITHUB_API_URL stands in between, then run again.",
		},

		// Targets that can be read back.
		"branch/integration-forbidden": {
			"The built-in token may not write {target}.",
			"the job does not grant it contents: write; a GitHub App needs Contents: read and write.",
			"add contents: write under permissions: in the job.",
		},
		"branch/conflict": {
			"{target} was changed by others at every try.",
			"each time this run wrote, somebody had just written to the same branch.",
			"start a new run, and give the workflow a concurrency: group.",
		},
		"branch/overtaken": {
			"{target} was replaced by another run at every try.",
			"which refresh token lives could not be settled, so what the other run wrote was left there.",
			"start a new run, and give the workflow a concurrency: group.",
		},
		"store/weak-secret": {
			"{target} cannot be sealed.",
			"sealing needs a client secret of at least 32 characters, which Strava's are.",
			"copy Client Secret from https://www.strava.com/settings/api into {client-secret-place}.",
		},
		"store/too-large": {
			"What stands at {target} is too large to be a refresh token.",
			"it has more than 64 KiB, so it was left alone.",
			"name another branch or file in {rotate-to}, or remove what stands there.",
		},
		"store/not-ours": {
			"Something else stands at {target}.",
			"its first line does not say that it is a refresh token of strava-token, so it was left alone.",
			"name another branch or file in {rotate-to}, or remove what stands there.",
		},
		"store/newer-version": {
			"{target} was written by another version of strava-token.",
			"this version does not know its form.",
			"use the latest version here, too.",
		},
		"store/damaged": {
			"{target} is damaged.",
			"its sealed part is missing, or holds no refresh token.",
			"restore an earlier state of it, or {authorize-into} {target}, which replaces it.",
		},
		"store/other-secret": {
			"{target} does not open with this client secret.",
			"it was sealed under another one: the value of {client-secret} belongs to another app, or the app's client secret was replaced since.",
			"correct {client-secret-place}. If the client secret was replaced at Strava, {authorize-into} {target}, which writes it anew.",
		},
		"store/other-app": {
			"{target} holds a refresh token of another Strava app.",
			"the client id that is sealed in it is not the one in {client-id}.",
			"correct {client-id}, or name another target in {rotate-to}.",
		},
		"store/other-repository": {
			"{target} was written for another repository.",
			"a fork or a copy brings the branches of the original along, and the refresh token with them.",
			"delete the branch here, or {authorize-into} {target}, which replaces it.",
		},
		"store/other-place": {
			"{target} was written for another target.",
			"it was copied or renamed: what is sealed in it names another branch, another athlete, or another file.",
			"correct {rotate-to}, or give it back the name that it had; otherwise {authorize-into} {target}, which replaces it.",
		},
		"store/empty-repository": {
			"The repository of {target} is empty.",
			"a branch can be made once there is a commit.",
			"commit something, such as a README, and run again.",
		},
		"store/protected": {
			"{target} is on a protected branch.",
			"a protection for branches of its name asks for reviews or checks, which the commit of a run does not have.",
			"take the branch out of it under Settings, Branches, or name another branch in {rotate-to}.",
		},
		"store/ruled": {
			"A ruleset forbids writing {target}.",
			"the rule {rule} applies to that branch.",
			"take the branch out of it under Settings, Rules, Rulesets, or name another branch in {rotate-to}.",
		},
		"store/no-folder": {
			"The folder of {target} does not exist.",
			"the file is made where it is missing, and its folder is not.",
			"make the folder, readable for you alone, or correct {rotate-to}.",
		},
		"store/not-a-file": {
			"{target} is no file.",
			"a folder, or something else that cannot be replaced by a file, stands there.",
			"correct {rotate-to}.",
		},
		"store/folder-unwritable": {
			"The folder of {target} cannot be written.",
			"the system says: {system}.",
			"give the folder to the user who runs this (sudo chown), or name a file in a folder of yours, as in \"file:$HOME/.strava/token\".",
		},
		"store/code-branch": {
			"{target} is the branch that the code is on.",
			"the file would be committed among the code each time, and start whatever a push there starts.",
			"name a branch of its own, which is made when first needed: branch:strava-token.",
		},
		"store/lock-unwritable": {
			"The lock of {target} cannot be opened.",
			"it is a file beside it, {lock}, and the system says: {system}.",
			"give it to the user who runs this, or delete it while nothing is running.",
		},
		"store/blocked": {
			"GitHub does not let {target} be written.",
			"it reports a conflict each time, and nobody else wrote: most likely a rule or a protection of the branch stands in the way.",
			"look under Settings, Rules, Rulesets and under Settings, Branches for one that applies to the branch, and take the branch out of it, or name another one in {rotate-to}.",
		},
		"store/bad-lock": {
			"The lock of {target} is not a plain file.",
			"a link, a pipe or a folder stands where the lock file belongs, which has the same name with .lock behind it.",
			"remove it, and start again; if it comes back, somebody else uses that folder, so choose one of your own.",
		},
		"store/exposed": {
			"Others can read or write {target}.",
			"its mode lets more than its owner in.",
			"run chmod 600 on it, and start again.",
		},
		"store/unwritable": {
			"{target} cannot be read or written.",
			"the system says: {system}.",
			"mend that, and start again.",
		},
		"store/busy": {
			"{target} is in use by another process.",
			"its lock was not given back in time.",
			"run again; if nothing else is running, look for a process that hangs.",
		},
	}
}
