-- The action `http-request lua.keyward URL` for HAProxy: asks Keyward at URL who calls. It sets
-- txn.keyward_is_good and the three parts of the identity, or answers the client with Keyward's
-- refusal. When Keyward does not answer it does nothing, and the configuration refuses.

-- HAProxy asks up to four times, so that a caller waits four of these at most.
local MILLISECONDS = 1000
local IDENTITY = { "key_id", "key_name", "scopes" }
local TOLD = { "content-type", "www-authenticate", "retry-after", "cache-control" }

local function keyward(txn, url)
	local sent = txn.http:req_get_headers()
	local answer = core.httpclient():get({
		url = url,
		timeout = MILLISECONDS,
		headers = {
			-- All that were sent, as two keys are no key.
			["x-api-key"] = sent["x-api-key"] or {},
			["authorization"] = sent["authorization"] or {},
			["x-forwarded-for"] = { txn.f:src() },
			["x-forwarded-host"] = { txn.f:req_fhdr("host") },
			["x-forwarded-proto"] = { txn.f:ssl_fc() == 1 and "https" or "http" },
			["x-forwarded-method"] = { txn.f:method() },
			-- Without the query, which is only for the service and may be long.
			["x-forwarded-uri"] = { txn.f:path() },
		},
	})
	if answer.status == 200 then
		for _, part in ipairs(IDENTITY) do
			local values = answer.headers["x-keyward-" .. part:gsub("_", "-")]
			txn:set_var("txn.keyward_" .. part, values[0])
		end
		txn:set_var("txn.keyward_is_good", true)
	elseif answer.status >= 400 and answer.status < 500 then
		local reply = txn:reply({ status = answer.status, body = answer.body })
		for _, name in ipairs(TOLD) do
			for _, value in pairs(answer.headers[name] or {}) do
				reply:add_header(name, value)
			end
		end
		txn:done(reply)
	end
end

core.register_action("keyward", { "http-req" }, keyward, 1)
