package cli

// stravaHints returns the words for what Strava refuses.
func stravaHints() map[string]hint {
	return map[string]hint{
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
			"Strava refused it, and every other one that this run was given. Access was revoked, or it was replaced by a run that could not write it, or by another program that uses the same app{copy}.",
			"look for a recovery text in the log of the last run that failed{elsewhere}; only then {authorize-into} {target}.",
		},
		"stale/raced": {
			"Other runs were faster each time.",
			"several runs refreshed the same token at once, and Strava replaced it before it was this one's turn. The run that was faster keeps the newest one in {target}.",
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
			"{authorize-scope} read,activity:read_all, and leave every box ticked.",
		},
	}
}
