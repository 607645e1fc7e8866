package cli

// runHints returns the words for how a run ends.
func runHints() map[string]hint {
	return map[string]hint{
		// Keeping the refresh token.
		"run/not-kept": {
			"{target} does not hold the new refresh token.",
			"{cause}{kept}",
			"save this log, and once that is mended run strava-token recover FILE {recover-to}.",
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
			"{kept-where} still holds the old refresh token, which is dead now, so the next run would fail.",
			"set {rotate-to} to {kept-target}, and put the new refresh token there: save this log and run strava-token recover on it.",
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
			"renew it at https://github.com/settings/personal-access-tokens and update {github-token-place}.",
		},
		"run/cancelled": {
			"The run was cancelled.",
			"nothing was sent to the token endpoint, so the refresh token is untouched.",
			"start it again when you want to.",
		},
		"run/cancelled-refused": {
			"The run was cancelled before it could ask again.",
			"Strava refused once, which may mean that another run was just replacing the refresh token, or that a code was too new. Nothing was issued.",
			"start it again when you want to, with a code at once.",
		},
		"run/cancelled-late": {
			"The run was cancelled after the token request.",
			"what Strava issued was taken care of first; no outputs were set.",
			"start a new run when you want to, once any other message here is dealt with.",
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

		// The proof of the access token.
		"run/scope": {
			"The token lacks the scope {scopes}.",
			"it was not asked for, or was unticked; the token shown on Strava's settings page has read only.",
			"{authorize-scope} {all}, and leave every box ticked.",
		},
		"run/scope-of-the-input": {
			"The refresh token that was passed lacks the scope {scopes}.",
			"{target} never saw it and would keep it from now on, but holds another one, which was left as it is; the token shown on Strava's settings page has read only.",
			"leave {refresh-token} out, so that the one in {target} is used, or {authorize-scope} {all}.",
		},
		"run/scope-unchecked": {
			"The scope {scopes} could not be checked.",
			"Strava's answer did not name the token's scopes, and no call can tell.",
			"nothing, unless a later call says that a permission is missing.",
		},
		"run/wrong-athlete": {
			"The token belongs to athlete {got}, not to {want}.",
			"{expected-athlete} guards against mixed-up secrets, so nothing was exported and no target was written.",
			"put the refresh token of athlete {want} into {refresh-token-place}, or correct {expected-athlete}.",
		},
		"run/wrong-athlete-sealed": {
			"The token belongs to athlete {got}, not to {want}, and Strava replaced it.",
			"{expected-athlete} guards against mixed-up secrets, so nothing was exported and no target was written. The refresh token that was passed is dead now; the new one of athlete {got} is in the recovery text alone.",
			"save this log and run strava-token recover on it, into a secret of athlete {got}; then put the refresh token of athlete {want} into {refresh-token-place}.",
		},
		"run/athlete-unchecked": {
			"Whose token this is could not be checked.",
			"{expected-athlete} asks for athlete {want}, and the question got no answer: {cause}",
			"run again later.",
		},
		"run/unverified": {
			"Whether the access token works could not be checked.",
			"{cause}",
			"nothing, unless a later step fails.",
		},
		"run/wrong-holder": {
			"{target} holds the token of athlete {got}, not of {want}.",
			"{expected-athlete} guards against mixed-up tokens, so nothing was sent to Strava.",
			"correct {expected-athlete}, or give each athlete a target of their own, such as branch:BRANCH#NAME.",
		},
		"run/holder-of-another": {
			"The token belongs to athlete {got}, and {target} to athlete {want}.",
			"a target keeps the refresh token of one athlete, so nothing was exported and {target} was left as it is.{sealed}",
			"give each athlete a target of their own, such as branch:BRANCH#NAME, or delete what {target} keeps to hand it over.",
		},
		"run/no-candidate": {
			"There is no refresh token to begin with.",
			"the value of {refresh-token} is empty, and {target} holds none yet.",
			"get the first one with strava-token login --rotate-to {target}, or as the README says under The first token.",
		},
	}
}
