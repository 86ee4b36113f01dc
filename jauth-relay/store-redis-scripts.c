/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What Redis does for us in one piece, in its Lua; the keys are those of store-redis.c. A script
 * returns 0 or the place of its error in that file's table. */
#include "jauth-relay/store-redis.h"

#define NOW \
	"local time = redis.call('TIME')\n" \
	"local now = tonumber(time[1])\n"

/* Takes what has ended out of a host's sets. KEYS: the first two of each script that uses it. */
#define DROP_ENDED \
	"for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do\n" \
	"  redis.call('ZREM', KEYS[2], id)\n" \
	"  redis.call('ZREM', KEYS[1], id)\n" \
	"end\n"

/* KEYS: open:HOST events:HOST link:ID open number; of a push pushes:HOST and pushes for open
 * ARGV: id version expires is-event host data host's-limit limit channel
 * Its first write is one that Redis refuses when it is full: behind any other it would let all
 * pass. So what has ended is left out of the count, and dropped at the end. */
static const char put_script[] =
	NOW
	"local version = redis.call('HGET', KEYS[3], 'version') or '0'\n"
	"if version ~= ARGV[2] then return 1 end\n"
	"if version == '0' then\n"
	"  local function count(key) return redis.call('ZCOUNT', key, '(' .. now, '+inf') end\n"
	"  if count(KEYS[1]) >= tonumber(ARGV[7]) then return 2 end\n"
	"  if count(KEYS[4]) >= tonumber(ARGV[8]) then return 3 end\n"
	"end\n"
	"local last = tonumber(redis.call('GET', KEYS[5]) or '0')\n"
	"local number = math.max(last + 1, now * 1000000 + tonumber(time[2]))\n"
	"local text = string.format('%.0f', number)\n"
	"redis.call('SET', KEYS[5], text)\n"
	"redis.call('HSET', KEYS[3], 'version', text, 'expires', ARGV[3], 'host', ARGV[5],\n"
	"           'data', ARGV[6])\n"
	"redis.call('EXPIREAT', KEYS[3], ARGV[3])\n"
	"local function keep(key, score)\n"
	"  redis.call('ZADD', key, score, ARGV[1])\n"
	"  if redis.call('TTL', key) < tonumber(ARGV[3]) - now then\n"
	"    redis.call('EXPIREAT', key, ARGV[3])\n"
	"  end\n"
	"end\n"
	"keep(KEYS[1], ARGV[3])\n"
	"keep(KEYS[4], ARGV[3])\n"
	"redis.call('PUBLISH', ARGV[9], 'link ' .. ARGV[1])\n"
	"if ARGV[4] == '1' then\n"
	"  redis.call('HSET', KEYS[3], 'number', text)\n"
	"  keep(KEYS[2], text)\n"
	"  redis.call('PUBLISH', ARGV[9], 'host ' .. ARGV[5])\n"
	"end\n"
	DROP_ENDED
	"redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now)\n"
	"return 0\n";

/* KEYS: open:HOST events:HOST number; ARGV: after n prefix-of-links → next, then id version
 * number expires data of each. What Redis dropped early is taken out, and so are pushes that
 * have ended. */
static const char events_script[] =
	NOW
	DROP_ENDED
	"local next = tonumber(ARGV[1])\n"
	"if next > tonumber(redis.call('GET', KEYS[3]) or '0') then next = 0 end\n"
	"local list = { '' }\n"
	"local ids = redis.call('ZRANGEBYSCORE', KEYS[2], string.format('(%.0f', next), '+inf')\n"
	"for _, id in ipairs(ids) do\n"
	"  if #list > 5 * tonumber(ARGV[2]) then break end\n"
	"  local key = ARGV[3] .. id\n"
	"  local link = redis.call('HMGET', key, 'version', 'number', 'expires', 'data')\n"
	"  if link[2] then\n"
	"    next = tonumber(link[2])\n"
	"    list[#list + 1] = id\n"
	"    for i = 1, 4 do list[#list + 1] = link[i] end\n"
	"  else\n"
	"    redis.call('ZREM', KEYS[2], id)\n"
	"  end\n"
	"end\n"
	"list[1] = string.format('%.0f', next)\n"
	"return list\n";

/* KEYS: listen:APP; ARGV: member until */
static const char listen_script[] =
	NOW
	"if ARGV[2] == '0' then\n"
	"  redis.call('ZREM', KEYS[1], ARGV[1])\n"
	"else\n"
	"  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])\n"
	"  if redis.call('TTL', KEYS[1]) < tonumber(ARGV[2]) - now then\n"
	"    redis.call('EXPIREAT', KEYS[1], ARGV[2])\n"
	"  end\n"
	"end\n"
	"redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)\n"
	"return 0\n";

/* KEYS: once:NAME; ARGV: value seconds */
static const char once_script[] =
	"local value = redis.call('GET', KEYS[1])\n"
	"if value then return value == ARGV[1] and 0 or 4 end\n"
	"redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])\n"
	"return 0\n";

/* KEYS: records; ARGV: record limit channel */
static const char record_script[] =
	"if redis.call('SISMEMBER', KEYS[1], ARGV[1]) == 1 then return 0 end\n"
	"if redis.call('SCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 3 end\n"
	"redis.call('SADD', KEYS[1], ARGV[1])\n"
	"redis.call('PUBLISH', ARGV[3], 'keys')\n"
	"return 0\n";

const char *const redis_scripts[N_REDIS_SCRIPTS] = {
	[SCRIPT_PUT] = put_script,
	[SCRIPT_EVENTS] = events_script,
	[SCRIPT_LISTEN] = listen_script,
	[SCRIPT_ONCE] = once_script,
	[SCRIPT_RECORD] = record_script,
};
