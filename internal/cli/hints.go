package cli

// hint is what a user reads about one thing that went wrong: what happened,
// why, and the one next step. {words} in braces are filled in.
type hint struct{ what, why, next string }

// hints is the whole mapping from what can go wrong to words. Each row stands
// under Troubleshooting in the README, too, under the text of its what.
var hints = map[string]hint{
	// Strava's token endpoint.
	"strava/invalid-client-id": {
		"Strava does not know this client id.",
		"the value of {client-id} must be the number shown as Client ID of your app.",
		"compare it with https://www.strava.com/settings/api.",
	},
	"strava/missing-client-secret": {
		"Strava received no client secret.",
		"the value of {client-secret} arrived there empty.",
		"copy Client Secret from https://www.strava.com/settings/api into {client-secret-place}.",
	},
	"strava/wrong-client-secret": {
		"Strava refused the client secret.",
		"the value of {client-secret} does not belong to the app in {client-id}, or was replaced since.",
		"copy Client Secret from https://www.strava.com/settings/api into {client-secret-place}.",
	},
	"strava/secret-as-client-id": {
		"Strava refused the app's credentials.",
		"the client secret seems to stand where the client id belongs.",
		"put the number shown as Client ID at https://www.strava.com/settings/api into {client-id}.",
	},
	"strava/invalid-code": {
		"Strava refused the authorization code.",
		"a code works once and for a short time; this one was used, is too old, or was not copied whole.",
		"authorize the app again, and use the new code at once.",
	},
	"strava/rate-limited": {
		"Strava's rate limit is used up.",
		"the app made too many requests. The limit is lifted at {until} at the latest, unless it is the daily one, which ends at midnight UTC. Nothing was changed.",
		"run again after that, and less often: one run an hour is plenty, since an access token lasts six.",
	},
	"strava/outage": {
		"Strava is out of order.",
		"it answered with status {status} each time it was asked. The refresh token is most likely still good.",
		"run again later. https://status.strava.com tells when it is back.",
	},
	"strava/redirected": {
		"{host} redirects instead of answering.",
		"a redirect is never followed, since it would hand the credentials to another host.",
		"correct the address: strava-url is https://www.strava.com and strava-api-url is https://www.strava.com/api/v3 unless you changed them.",
	},
	"strava/unrecognized": {
		"Strava refused the request in a way that is not known.",
		"it answered with status {status}. Nothing was changed.",
		"run again; if it stays so, report it with this message.",
	},
	"strava/malformed": {
		"Strava's answer cannot be used.",
		"{host} reported success, but what it sent is not a token answer. A new refresh token in it is kept all the same.",
		"run again; if it stays so, check whether a proxy or strava-url stands in between.",
	},
	"strava/unreachable": {
		"{host} cannot be reached.",
		"no connection came about, so nothing was sent and the refresh token is still good.",
		"check the runner's network and HTTPS_PROXY, then run again.",
	},
	"strava/no-answer": {
		"Strava's answer never arrived.",
		"the request was sent, and the connection to {host} broke each time. Strava may or may not have replaced the refresh token.",
		"run again. If that run says that the refresh token is dead, authorize the app again.",
	},
	"strava/bad-certificate": {
		"{host} could not prove who it is.",
		"its certificate does not verify, so nothing was sent.",
		"if a proxy of yours inspects connections, name a file with its root certificate, inside the container, in SSL_CERT_FILE.",
	},
	"strava/answer-lost": {
		"The refresh token died because Strava's answer was lost.",
		"a first request was sent and the connection broke before its answer came; the next one shows that the old refresh token is dead, so the new one was most likely in that answer.",
		"authorize the app again and store the new refresh token in {refresh-token-place}.",
	},

	// Why Strava refused the refresh token.
	"stale/rerun": {
		"This re-run carries an old refresh token.",
		"a re-run gets the secrets of its first attempt, and the refresh token was replaced since{updated}.",
		"start a new run (Actions, the workflow, Run workflow) instead of re-running this one.",
	},
	"stale/maybe": {
		"This re-run most likely carries an old refresh token.",
		"a re-run gets the secrets of its first attempt, which another run may have replaced since; whether it did cannot be told here.",
		"start a new run (Actions, the workflow, Run workflow). If that fails in the same way, authorize the app again and store the new refresh token.",
	},
	"stale/outside": {
		"This refresh token is not valid any more.",
		"a newer one may have been issued since{updated}, or access was revoked, or it belongs to another app.",
		"take the refresh token from where it was last kept, a target or a recovery text; if there is none, authorize the app again with strava-token login.",
	},
	"stale/queued": {
		"Another run replaced the refresh token after this one was queued.",
		"GitHub reads secrets when a run is queued, and {target} was updated since{updated}.",
		"start a new run, and give the workflow a concurrency: group, so that its runs wait for each other.",
	},
	"stale/dead": {
		"The refresh token is dead.",
		"Strava refused it, and nothing newer is known: it was replaced since (by another run, by authorizing again, or before a backup was restored), access was revoked, or it belongs to another app.",
		"authorize the app again and store the new refresh token in {refresh-token-place}.",
	},
	"stale/stored": {
		"The refresh token in {target} is dead.",
		"Strava refused it, and every other one that this run was given. Access was revoked, or it was replaced by a run that could not write it, or by another program that uses the same app.",
		"look for a recovery text in the log of the last run that failed, or for a newer state in the history of {target}; only then authorize the app again, with rotate-to {target}.",
	},
	"stale/raced": {
		"Other runs were faster each time.",
		"several runs refreshed the same token at once, and Strava replaced it before it was this one's turn. Nothing is lost: {target} holds the newest one.",
		"start a new run. A concurrency: group makes the runs of a workflow wait for each other.",
	},
	"stale/unknown": {
		"Strava refused the refresh token.",
		"either another run replaced it after this one was queued, or it is dead: replaced elsewhere, revoked, or of another app. Which of them cannot be told here ({github-token} would need Actions: read).",
		"start a new run. If that fails in the same way, authorize the app again and store the new refresh token.",
	},

	// Strava's API.
	"strava/access-token-refused": {
		"Strava refused the access token that it has just issued.",
		"the athlete or the app lost access meanwhile.",
		"authorize the app again and store the new refresh token in {refresh-token-place}.",
	},
	"strava/app-inactive": {
		"The Strava app is inactive.",
		"since 30 June 2026 the owner of an app needs a Strava subscription; without it, tokens are still issued and every API call is refused.",
		"subscribe with the account that owns the app, then reactivate it at https://www.strava.com/settings/api.",
	},
	"strava/scope-missing": {
		"The token may not read activities.",
		"the permission was not granted; the token shown on Strava's settings page never has it.",
		"authorize the app again with scope activity:read_all, and leave every box ticked.",
	},
	"run/scope": {
		"The token lacks the scope {scopes}.",
		"it was not asked for, or was unticked; the token shown on Strava's settings page has read only.",
		"authorize the app again with scope {scopes}, and leave every box ticked.",
	},
	"run/scope-of-the-input": {
		"The refresh token that was passed lacks the scope {scopes}.",
		"{target} never saw it and would keep it from now on, but holds another one, which was left as it is; the token shown on Strava's settings page has read only.",
		"leave {refresh-token} out, so that the one in {target} is used, or authorize the app again with scope {scopes}.",
	},
	"run/scope-unchecked": {
		"The scope {scopes} could not be checked.",
		"Strava's answer did not name the token's scopes, and no call can tell.",
		"nothing, unless a later call says that a permission is missing.",
	},
	"run/wrong-athlete": {
		"The token belongs to athlete {got}, not to {want}.",
		"the input expected-athlete guards against mixed-up secrets, so nothing was exported and no target was written.",
		"put the refresh token of athlete {want} into {refresh-token-place}, or correct expected-athlete.",
	},
	"run/wrong-athlete-sealed": {
		"The token belongs to athlete {got}, not to {want}, and Strava replaced it.",
		"the input expected-athlete guards against mixed-up secrets, so nothing was exported and no target was written. The refresh token that was passed is dead now; the new one of athlete {got} is in the recovery text alone.",
		"save this log and run strava-token recover on it, into a secret of athlete {got}; then put the refresh token of athlete {want} into {refresh-token-place}.",
	},
	"run/athlete-unchecked": {
		"Whose token this is could not be checked.",
		"the input expected-athlete asks for athlete {want}, and the question got no answer: {cause}",
		"run again later.",
	},
	"run/unverified": {
		"Whether the access token works could not be checked.",
		"{cause}",
		"nothing, unless a later step fails.",
	},

	"run/wrong-holder": {
		"{target} holds the token of athlete {got}, not of {want}.",
		"the input expected-athlete guards against mixed-up tokens, so nothing was sent to Strava.",
		"correct expected-athlete, or give each athlete a target of their own, such as branch:BRANCH#NAME.",
	},
	"run/holder-of-another": {
		"The token belongs to athlete {got}, and {target} to athlete {want}.",
		"a target keeps the refresh token of one athlete, so nothing was exported and {target} was left as it is.{sealed}",
		"give each athlete a target of their own, such as branch:BRANCH#NAME, or delete what {target} keeps to hand it over.",
	},
	"run/no-candidate": {
		"There is no refresh token to begin with.",
		"the value of {refresh-token} is empty, and {target} holds none yet.",
		"get the first one as the README says under The first token, with {target} as its target.",
	},

	// Keeping the refresh token.
	"run/not-kept": {
		"{target} does not hold the new refresh token.",
		"{cause}{kept}",
		"save this log, and once that is mended run strava-token recover FILE --rotate-to {target}.",
	},
	"run/not-kept-yet": {
		"{target} still holds an old refresh token.",
		"{cause} Nothing is lost: {held} holds the one that lives.",
		"mend that, and run again: the next run writes it.",
	},
	"run/not-kept-unsealed": {
		"{target} does not hold the new refresh token, and no recovery text was printed.",
		"{cause}{kept}",
		"mend that, then authorize the app again and store the new refresh token.",
	},
	"run/no-target": {
		"Strava replaced the refresh token, and no target keeps the new one.",
		"the secret still holds the old refresh token, which is dead now, so the next run would fail.",
		"set {rotate-to} to the name of the secret, and put the new refresh token there: save this log and run strava-token recover on it.",
	},
	"run/no-target-unsealed": {
		"Strava replaced the refresh token, and the new one is kept nowhere.",
		"no target is set, and no recovery text was printed. The old refresh token is dead now, so the next run will fail.",
		"set {rotate-to} to the name of the secret, then authorize the app again and store the new refresh token.",
	},
	"run/not-sealed": {
		"The new refresh token could not be sealed for recovery.",
		"sealing needs a client secret of at least 32 characters, which Strava's are.",
		"authorize the app again and store the new refresh token.",
	},
	"run/token-expires": {
		"The GitHub token that writes {target} ends on {when}.",
		"after that, a new refresh token can no longer be stored, and runs stop before they spend one.",
		"renew it at https://github.com/settings/tokens and update {github-token-place}.",
	},
	"run/cancelled": {
		"The run was cancelled.",
		"nothing was sent to the token endpoint, so the refresh token is untouched.",
		"start it again when you like.",
	},
	"run/cancelled-late": {
		"The run was cancelled after the token request.",
		"what Strava issued was taken care of first; no outputs were set.",
		"start a new run when you like, once any other message here is dealt with.",
	},
	"run/not-masked": {
		"The new tokens could not be masked.",
		"standard output was closed, or nobody read it, so the runner cannot hide them; they were not handed to later steps.",
		"run again, with a runner that reads the step's output.",
	},
	"run/unexportable": {
		"An answer of Strava cannot be handed to later steps.",
		"it holds a text that would break out of the runner's output file, so no output was set.",
		"check whether strava-url is the host you meant, then run again.",
	},
	"run/handed-over": {
		"Strava replaced the refresh token, and only the output refresh-token holds the new one.",
		"no target is set, so keeping it is up to the steps that follow.",
		"set {rotate-to} to the name of the secret, unless a later step stores the output.",
	},
	"run/handed-over-sealed": {
		"Strava replaced the refresh token, and the output refresh-token and the recovery text hold the new one.",
		"no target is set, so keeping it is up to the steps that follow.",
		"set {rotate-to} to the name of the secret, unless a later step stores the output.",
	},
	"run/internal": {
		"Something unforeseen went wrong.",
		"{cause}",
		"run again; if it stays so, report it with this message.",
	},

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
		"name the secret that holds it with {rotate-to}.",
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
		"--format hands the credentials over instead of storing them in --repo, and --environment belongs to --repo.",
		"leave one of them out.",
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
		"name another file with --output, or print the credentials with --format.",
	},

	// The recover command.
	"recover/no-destination": {
		"It is not said where the refresh token goes.",
		"recover proves the token by refreshing with it, and what Strava returns must go somewhere.",
		"add --rotate-to TARGET to store it ({targets}), or --print to print it.",
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

	// GitHub's secrets API.
	"store/bad-credentials": {
		"GitHub refused the token that writes {target}.",
		"the value of {github-token} is expired, revoked or mistyped.",
		"create a new token at https://github.com/settings/tokens and update {github-token-place}.",
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
		"{target} was written by a later version of strava-token.",
		"this version does not know its form.",
		"use that version here, too.",
	},
	"store/damaged": {
		"{target} is damaged.",
		"its sealed part is missing, or holds no refresh token.",
		"restore an earlier state of it, or authorize the app again with rotate-to {target}, which replaces it.",
	},
	"store/other-secret": {
		"{target} does not open with this client secret.",
		"it was sealed under another one: the value of {client-secret} belongs to another app, or the app's client secret was replaced since.",
		"correct {client-secret-place}. If the client secret was replaced at Strava, authorize the app again with rotate-to {target}, which writes it anew.",
	},
	"store/other-app": {
		"{target} holds a refresh token of another Strava app.",
		"the client id that is sealed in it is not the one in {client-id}.",
		"correct {client-id}, or name another target in {rotate-to}.",
	},
	"store/other-repository": {
		"{target} was written for another repository.",
		"a fork or a copy brings the branches of the original along, and the refresh token with them.",
		"delete the branch here, or authorize the app again with rotate-to {target}, which replaces it.",
	},
	"store/other-place": {
		"{target} was written for another target.",
		"it was copied or renamed: what is sealed in it names another branch, another athlete, or a file.",
		"correct {rotate-to}, or authorize the app again with rotate-to {target}, which replaces it.",
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
	"exec/not-found": {
		"The command cannot be found{detail}.",
		"nothing was sent to Strava, since nobody would use the token.",
		"correct the command behind --, or its PATH.",
	},
	"exec/not-run": {
		"The command could not be started.",
		"the system says: {system}. The refresh token is kept, as without a command.",
		"check that the command runs on this machine.",
	},

	// Inputs. Nothing was sent anywhere.
	"input/missing": {
		"{input} is missing.",
		"nothing is in it{where-it-may-be-missing}.",
		"put the value into {place}{how-to-add}.",
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
		"write the name alone, as in rotate-to: STRAVA_REFRESH_TOKEN, without ${{ }}.",
	},
	"input/path": {
		"{input} has a path.",
		"it is the host alone; /oauth/token is added to it.",
		"write https://www.strava.com, or leave it out.",
	},
	"input/bad-branch-name": {
		"{input} names a branch that cannot be used{detail}.",
		"the name of a branch has letters, digits and - _ . / +, and behind a # may stand the name of an athlete, in letters, digits, - and _.",
		"write branch:strava-token, or branch:strava-token#NAME.",
	},
	"input/bad-path": {
		"{input} names a file without a name{detail}.",
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
		"GITHUB_REPOSITORY, which says which one this is, is not set as owner/repo.",
		"write owner/repo/NAME.",
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
