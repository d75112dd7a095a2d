// Made by scripts/generate-configuration.ts from protocol/*.schema.json. Do not edit.
var __getOwnPropNames = Object.getOwnPropertyNames;
var __commonJS = (cb, mod) => function __require() {
  try {
    return mod || (0, cb[__getOwnPropNames(cb)[0]])((mod = { exports: {} }).exports, mod), mod.exports;
  } catch (e) {
    throw mod = 0, e;
  }
};

// node_modules/ajv/dist/runtime/ucs2length.js
var require_ucs2length = __commonJS({
  "node_modules/ajv/dist/runtime/ucs2length.js"(exports) {
    "use strict";
    Object.defineProperty(exports, "__esModule", { value: true });
    function ucs2length(str) {
      const len = str.length;
      let length = 0;
      let pos = 0;
      let value;
      while (pos < len) {
        length++;
        value = str.charCodeAt(pos++);
        if (value >= 55296 && value <= 56319 && pos < len) {
          value = str.charCodeAt(pos);
          if ((value & 64512) === 56320)
            pos++;
        }
      }
      return length;
    }
    exports.default = ucs2length;
  }
});

// node_modules/fast-deep-equal/index.js
var require_fast_deep_equal = __commonJS({
  "node_modules/fast-deep-equal/index.js"(exports, module) {
    "use strict";
    module.exports = function equal(a, b) {
      if (a === b) return true;
      if (a && b && typeof a == "object" && typeof b == "object") {
        if (a.constructor !== b.constructor) return false;
        var length, i, keys;
        if (Array.isArray(a)) {
          length = a.length;
          if (length != b.length) return false;
          for (i = length; i-- !== 0; )
            if (!equal(a[i], b[i])) return false;
          return true;
        }
        if (a.constructor === RegExp) return a.source === b.source && a.flags === b.flags;
        if (a.valueOf !== Object.prototype.valueOf) return a.valueOf() === b.valueOf();
        if (a.toString !== Object.prototype.toString) return a.toString() === b.toString();
        keys = Object.keys(a);
        length = keys.length;
        if (length !== Object.keys(b).length) return false;
        for (i = length; i-- !== 0; )
          if (!Object.prototype.hasOwnProperty.call(b, keys[i])) return false;
        for (i = length; i-- !== 0; ) {
          var key = keys[i];
          if (!equal(a[key], b[key])) return false;
        }
        return true;
      }
      return a !== a && b !== b;
    };
  }
});

// node_modules/ajv/dist/runtime/equal.js
var require_equal = __commonJS({
  "node_modules/ajv/dist/runtime/equal.js"(exports) {
    "use strict";
    Object.defineProperty(exports, "__esModule", { value: true });
    var equal = require_fast_deep_equal();
    exports.default = equal;
  }
});

// <stdin>
var settings = validate20;
var schema31 = { "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "driverd.schema.json", "title": "Settings", "description": "driverd.yaml: settings of the daemon.", "type": "object", "additionalProperties": false, "required": ["version"], "examples": [{ "version": 1 }], "properties": { "version": { "title": "Version", "description": "Version of this format.", "const": 1, "type": "integer", "examples": [1] }, "development": { "title": "Development", "description": "Marks a configuration that is not for production; driverd refuses it unless started with --development.", "type": "boolean", "default": false, "examples": [false] }, "socket": { "title": "Socket", "description": "Where callers connect.", "type": "object", "additionalProperties": false, "properties": { "path": { "title": "Path", "description": "The socket. `--socket` overrides it.", "examples": ["/run/driverd/driverd.sock"], "type": "string", "pattern": "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$", "maxLength": 4096, "default": "/run/driverd/driverd.sock" }, "group": { "title": "Group", "description": "Group that may connect; null leaves the daemon's own. Rootless it is ignored.", "type": ["string", "null"], "maxLength": 256, "default": "driverd", "examples": ["driverd"] }, "mode": { "title": "Mode", "description": "Permission bits, octal.", "type": "string", "pattern": "^0[0-7]{3}$", "default": "0660", "examples": ["0660"] } }, "examples": [{}], "default": {} }, "driver_paths": { "title": "Driver folders", "description": "Folders that hold drivers, one folder each; the first that has a driver is taken.", "type": "array", "maxItems": 16, "items": { "title": "Folder", "description": "A folder of drivers.", "examples": ["/usr/lib/driverd/drivers"], "type": "string", "pattern": "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$", "maxLength": 4096 }, "default": ["/usr/lib/driverd/drivers"], "examples": [["/usr/lib/driverd/drivers"]] }, "identities": { "title": "Numeric users", "description": "Range of numeric users: the broker takes the first, profiles with `user: auto` one each.", "type": "object", "additionalProperties": false, "properties": { "first": { "title": "First", "description": "First number.", "type": "integer", "minimum": 1e3, "maximum": 2147483646, "default": 7e4, "examples": [7e4] }, "last": { "title": "Last", "description": "Last number.", "type": "integer", "minimum": 1e3, "maximum": 2147483646, "default": 79999, "examples": [79999] } }, "examples": [{}], "default": {} }, "broker_user": { "title": "Broker's user", "description": "Numeric user and group of the broker; null takes the first of `identities`.", "type": ["object", "null"], "additionalProperties": false, "required": ["uid", "gid"], "properties": { "uid": { "title": "User", "description": "Number of the user.", "type": "integer", "minimum": 1, "maximum": 2147483646, "examples": [7e4] }, "gid": { "title": "Group", "description": "Number of the group.", "type": "integer", "minimum": 1, "maximum": 2147483646, "examples": [7e4] } }, "default": null, "examples": [{ "uid": 7e4, "gid": 7e4 }] }, "trusted_group": { "title": "Trusted group", "description": "One group that may write configuration files.", "type": ["string", "null"], "maxLength": 256, "default": null, "examples": ["ops"] }, "roles": { "title": "Roles", "description": 'Names for users, groups and units together: `principal in Role::"NAME"` in a policy is any of them, and limits can be set for a role.', "type": "object", "maxProperties": 64, "propertyNames": { "title": "Name", "description": "A role's name.", "type": "string", "pattern": "^[a-z][a-z0-9_-]{0,31}$", "examples": ["people"] }, "additionalProperties": { "title": "Role", "description": "Whom the role has.", "type": "object", "additionalProperties": false, "properties": { "users": { "title": "Users", "description": "Users by name.", "type": "array", "maxItems": 64, "items": { "title": "User", "description": "Users by name.", "type": "string", "pattern": "^[^\\u0000-\\u001f\\u007f]{1,256}$", "maxLength": 256, "examples": ["bob"] }, "default": [], "examples": [["bob"]] }, "groups": { "title": "Groups", "description": "Groups by name.", "type": "array", "maxItems": 64, "items": { "title": "Group", "description": "Groups by name.", "type": "string", "pattern": "^[^\\u0000-\\u001f\\u007f]{1,256}$", "maxLength": 256, "examples": ["ops"] }, "default": [], "examples": [["ops"]] }, "units": { "title": "Units", "description": "System units by full name.", "type": "array", "maxItems": 64, "items": { "title": "Unit", "description": "System units by full name.", "type": "string", "pattern": "^[^/\\s]{1,246}\\.(?:service|scope|slice|socket|mount|swap)$", "maxLength": 256, "examples": ["backup.service"] }, "default": [], "examples": [["backup.service"]] } }, "examples": [{ "users": ["bob"], "groups": ["ops"] }] }, "default": {}, "examples": [{ "people": { "groups": ["users"] } }] }, "audit": { "title": "Audit log", "description": "The record of every call.", "type": "object", "additionalProperties": false, "properties": { "path": { "title": "Path", "description": "The log. Its folder is driverd's own.", "examples": ["/var/log/driverd/audit.jsonl"], "type": "string", "pattern": "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$", "maxLength": 4096, "default": "/var/log/driverd/audit.jsonl" }, "durability": { "title": "Durability", "description": "What is on disk before a reply leaves: the outcome, the intent before hand-over alone, or nothing.", "type": "string", "enum": ["outcome", "intent", "none"], "default": "outcome", "examples": ["outcome"] }, "seal": { "title": "Seal", "description": "When the log is sealed and its key replaced, whichever comes first. Whoever is root in between can forge what was written since.", "type": "object", "additionalProperties": false, "properties": { "records": { "title": "Records", "description": "So many records after the last seal.", "type": "integer", "minimum": 1, "maximum": 1e6, "default": 1e4, "examples": [1e4] }, "seconds": { "title": "Time", "description": "So long after the last seal, in seconds; also when nothing happens.", "type": "integer", "minimum": 1, "maximum": 86400, "default": 600, "examples": [600] } }, "examples": [{}], "default": {} }, "rotate_bytes": { "title": "Size of a segment", "description": "How long the file that is written to may become, in bytes, before it is closed and the next one is begun.", "type": "integer", "minimum": 4096, "maximum": 1073741824, "default": 67108864, "examples": [67108864] }, "rotate_hours": { "title": "Age of a segment", "description": "How long one file is written to, in hours.", "type": "integer", "minimum": 1, "maximum": 8760, "default": 24, "examples": [24] }, "compress": { "title": "Compress", "description": "Whether closed segments are compressed (gzip).", "type": "boolean", "default": true, "examples": [true] }, "retention": { "title": "Retention", "description": "When the oldest segments are removed.", "type": "object", "additionalProperties": false, "properties": { "max_bytes": { "title": "Most bytes", "description": "How much room all segments may take together, in bytes; null: there is no such limit.", "type": ["integer", "null"], "minimum": 65536, "maximum": 1125899906842624, "default": 2147483648, "examples": [2147483648] }, "max_days": { "title": "Most days", "description": "How long a closed segment is kept, in days; null: there is no such limit.", "type": ["integer", "null"], "minimum": 1, "maximum": 36500, "default": null, "examples": [400] }, "min_days": { "title": "Least days", "description": "What was closed less than so many days ago is never removed, whatever the other limits ask for; 0 takes this protection away.", "type": "integer", "minimum": 0, "maximum": 36500, "default": 7, "examples": [7] } }, "examples": [{}], "default": {} }, "low_water_bytes": { "title": "Low-water mark", "description": "Free bytes on the log's disk below which driverd warns; 0: never.", "type": "integer", "minimum": 0, "maximum": 1125899906842624, "default": 268435456, "examples": [268435456] }, "reserve_bytes": { "title": "Reserve", "description": "Bytes kept beside the log and given up when the disk is full, so that what is under way can be closed on record.", "type": "integer", "minimum": 16384, "maximum": 1073741824, "default": 1048576, "examples": [1048576] }, "params_key_days": { "title": "Age of a params key", "description": "After how many days params are hashed with a new key; the old ones stay for look-up. null: never.", "type": ["integer", "null"], "minimum": 1, "maximum": 3650, "default": 90, "examples": [90] }, "watch_ms": { "title": "Watch", "description": "How often files of the configuration, the socket and the log are looked at for what changed beside a reload, in milliseconds.", "type": "integer", "minimum": 1e3, "maximum": 864e5, "default": 6e4, "examples": [6e4] }, "repeated_denials": { "title": "Repeated denials", "description": "How many denials of one user within `repeated_denials_ms` make a record of their own.", "type": "integer", "minimum": 2, "maximum": 1e6, "default": 20, "examples": [20] }, "repeated_denials_ms": { "title": "Window of repeated denials", "description": "Over how long denials of one user are counted together, in milliseconds.", "type": "integer", "minimum": 1e3, "maximum": 864e5, "default": 6e4, "examples": [6e4] } }, "examples": [{}], "default": {} }, "log_level": { "title": "Log level", "description": "Level of the operational log, for monitor and broker. No level holds params, results or secrets.", "type": "string", "enum": ["fatal", "error", "warn", "info", "debug"], "default": "info", "examples": ["info"] }, "drain_ms": { "title": "Drain", "description": "How long calls may go on after SIGTERM, in milliseconds.", "type": "integer", "minimum": 0, "maximum": 6e5, "default": 1e4, "examples": [1e4] }, "limits": { "title": "Limits", "description": "Bounds on what callers may use.", "type": "object", "additionalProperties": false, "properties": { "message_bytes": { "title": "Message size", "description": "Longest message of a caller, in bytes.", "type": "integer", "minimum": 1024, "maximum": 16777216, "default": 1048576, "examples": [1048576] }, "message_ms": { "title": "Message time", "description": "How long a begun message may take to arrive, in milliseconds.", "type": "integer", "minimum": 100, "maximum": 6e5, "default": 3e4, "examples": [3e4] }, "nesting_depth": { "title": "Nesting depth", "description": "Deepest nesting of JSON that is read.", "type": "integer", "minimum": 4, "maximum": 256, "default": 64, "examples": [64] }, "keys": { "title": "Keys", "description": "Most object keys in one message, and most arrays and objects.", "type": "integer", "minimum": 16, "maximum": 1e6, "default": 1e4, "examples": [1e4] }, "batch_length": { "title": "Batch length", "description": "Most calls in one batch.", "type": "integer", "minimum": 1, "maximum": 1024, "default": 64, "examples": [64] }, "in_flight_per_connection": { "title": "Calls per connection", "description": "Most calls of one connection at once; then it is not read.", "type": "integer", "minimum": 1, "maximum": 4096, "default": 64, "examples": [64] }, "in_flight_per_identity": { "title": "Calls per identity", "description": "Most calls of one uid at once, over all its connections. Fewer than `launches`: else one whose drivers hang takes all of them.", "type": "integer", "minimum": 1, "maximum": 16384, "default": 48, "examples": [48] }, "in_flight": { "title": "Calls", "description": "Most calls at once.", "type": "integer", "minimum": 1, "maximum": 16384, "default": 256, "examples": [256] }, "in_flight_per_driver": { "title": "Calls per driver", "description": "Most calls of one driver at once, of all callers. More than one identity may have, so that none can take them all.", "type": "integer", "minimum": 1, "maximum": 16384, "default": 56, "examples": [56] }, "queued_per_identity": { "title": "Waiting calls per identity", "description": "Most calls of one uid that wait for a place at once. Of one connection, as many as it may have at once.", "type": "integer", "minimum": 0, "maximum": 16384, "default": 64, "examples": [64] }, "queued_per_driver": { "title": "Waiting calls per driver", "description": "Most calls of one driver that wait for a place at once.", "type": "integer", "minimum": 0, "maximum": 16384, "default": 128, "examples": [128] }, "queued": { "title": "Waiting calls", "description": "Most calls that wait for a place at once. Identities take turns.", "type": "integer", "minimum": 0, "maximum": 16384, "default": 512, "examples": [512] }, "queue_ms": { "title": "Wait", "description": "How long a call may wait for a place, in milliseconds; 0: it is refused at once.", "type": "integer", "minimum": 0, "maximum": 6e5, "default": 5e3, "examples": [5e3] }, "calls_per_minute": { "title": "Calls a minute", "description": "How often one uid may call one method in a minute.", "type": "integer", "minimum": 1, "maximum": 1e7, "default": 6e3, "examples": [6e3] }, "destructive_calls_per_minute": { "title": "Destructive calls a minute", "description": "How often one uid may call one method that is marked destructive in a minute.", "type": "integer", "minimum": 1, "maximum": 1e7, "default": 10, "examples": [10] }, "connections_per_identity": { "title": "Connections per identity", "description": "Most connections of one uid at once.", "type": "integer", "minimum": 1, "maximum": 65536, "default": 128, "examples": [128] }, "connections_per_second": { "title": "Connections a second", "description": "Most connections that one user may open in a second; each is on record.", "type": "integer", "minimum": 1, "maximum": 1e5, "default": 1e3, "examples": [1e3] }, "connections": { "title": "Connections", "description": "Most connections at once.", "type": "integer", "minimum": 1, "maximum": 65536, "default": 4096, "examples": [4096] }, "reply_buffer_bytes": { "title": "Unread replies", "description": "How many bytes a caller may leave unread before no more of its calls are read.", "type": "integer", "minimum": 65536, "maximum": 268435456, "default": 4194304, "examples": [4194304] }, "stream_stall_ms": { "title": "Stalled stream", "description": "How long a caller may leave what waits of a stream unread before its connection is ended, in milliseconds.", "type": "integer", "minimum": 100, "maximum": 864e5, "default": 6e4, "examples": [6e4] }, "launches": { "title": "Drivers alive", "description": "Most driver processes alive at once.", "type": "integer", "minimum": 1, "maximum": 4096, "default": 64, "examples": [64] }, "launches_per_second": { "title": "Launches per second", "description": "Most drivers started in a second.", "type": "integer", "minimum": 1, "maximum": 1e4, "default": 200, "examples": [200] }, "audit_records_per_second": { "title": "Records per second", "description": "Most audit records a second that the broker may ask for; beyond it, it waits.", "type": "integer", "minimum": 100, "maximum": 1e6, "default": 2e4, "examples": [2e4] }, "audit_bytes_per_second": { "title": "Record bytes per second", "description": "Most bytes a second of what the broker wants recorded; beyond it, it waits.", "type": "integer", "minimum": 65536, "maximum": 1073741824, "default": 33554432, "examples": [33554432] }, "stderr_tail_bytes": { "title": "Tail of stderr", "description": "How much of a failed driver's scrubbed stderr an error carries, in bytes.", "type": "integer", "minimum": 0, "maximum": 65536, "default": 4096, "examples": [4096] }, "driver_log_ring_bytes": { "title": "Lines in memory", "description": "How much of each driver's scrubbed stderr and `log` messages the broker keeps for `driverctl logs`, in bytes; 64 MiB for all drivers together.", "type": "integer", "minimum": 65536, "maximum": 16777216, "default": 1048576, "examples": [1048576] }, "driver_log_bytes_per_minute": { "title": "Lines in the operational log", "description": "How much one driver may write to the operational log in a minute, in bytes, 256 for each line beside its text; all together four times that. What is left out is counted there. 0: nothing is written.", "type": "integer", "minimum": 0, "maximum": 67108864, "default": 262144, "examples": [262144] } }, "examples": [{}], "default": {} }, "limit_overrides": { "title": "Overrides of limits", "description": "Other limits for roles, drivers and methods. Of the entries that match a call, the first that sets a limit decides about that one.", "type": "array", "maxItems": 64, "items": { "title": "Override", "description": "Whom and what it is for, and the limits that differ. Without `roles` it is for every caller; limits of a connection can be set for roles alone.", "type": "object", "additionalProperties": false, "required": ["limits"], "properties": { "roles": { "title": "Roles", "description": "Callers who have one of these roles.", "type": "array", "minItems": 1, "maxItems": 64, "items": { "title": "Role", "description": "A name of `roles`.", "type": "string", "pattern": "^[a-z][a-z0-9_-]{0,31}$", "examples": ["people"] }, "examples": [["people"]] }, "drivers": { "title": "Drivers", "description": "Methods of one of these drivers; `rpc` is the built-in one.", "type": "array", "minItems": 1, "maxItems": 64, "items": { "title": "Driver", "description": "A profile's name.", "type": "string", "maxLength": 64, "examples": ["disk"] }, "examples": [["disk"]] }, "methods": { "title": "Methods", "description": "One of these methods.", "type": "array", "minItems": 1, "maxItems": 256, "items": { "title": "Method", "description": "A method as callers name it.", "type": "string", "maxLength": 128, "examples": ["disk.usage"] }, "examples": [["disk.usage"]] }, "limits": { "title": "Limits", "description": "The limits that differ, each within its bounds in `limits`.", "type": "object", "additionalProperties": false, "minProperties": 1, "properties": { "message_bytes": { "$ref": "#/properties/limits/properties/message_bytes" }, "message_ms": { "$ref": "#/properties/limits/properties/message_ms" }, "nesting_depth": { "$ref": "#/properties/limits/properties/nesting_depth" }, "keys": { "$ref": "#/properties/limits/properties/keys" }, "batch_length": { "$ref": "#/properties/limits/properties/batch_length" }, "in_flight_per_connection": { "$ref": "#/properties/limits/properties/in_flight_per_connection" }, "connections_per_identity": { "$ref": "#/properties/limits/properties/connections_per_identity" }, "reply_buffer_bytes": { "$ref": "#/properties/limits/properties/reply_buffer_bytes" }, "stream_stall_ms": { "$ref": "#/properties/limits/properties/stream_stall_ms" }, "in_flight_per_identity": { "$ref": "#/properties/limits/properties/in_flight_per_identity" }, "in_flight_per_driver": { "$ref": "#/properties/limits/properties/in_flight_per_driver" }, "queued_per_identity": { "$ref": "#/properties/limits/properties/queued_per_identity" }, "queued_per_driver": { "$ref": "#/properties/limits/properties/queued_per_driver" }, "queue_ms": { "$ref": "#/properties/limits/properties/queue_ms" }, "calls_per_minute": { "$ref": "#/properties/limits/properties/calls_per_minute" }, "destructive_calls_per_minute": { "$ref": "#/properties/limits/properties/destructive_calls_per_minute" } }, "examples": [{ "calls_per_minute": 60 }] } }, "examples": [{ "roles": ["people"], "limits": { "calls_per_minute": 60 } }] }, "default": [], "examples": [[{ "roles": ["people"], "limits": { "calls_per_minute": 60 } }]] }, "scrub": { "title": "Scrub", "description": "What is masked in the outputs of all drivers and in logs, beside driverd's own rules.", "type": "object", "additionalProperties": false, "default": {}, "examples": [{ "rules": [{ "id": "staff-number", "keywords": ["emp-"], "pattern": "EMP-(?<secret>[0-9]{8})" }] }], "properties": { "rules": { "title": "Rules", "description": "Secrets that can be told by their looks. A mark is `[REDACTED:<id>]`.", "type": "array", "maxItems": 128, "default": [], "examples": [[{ "id": "staff-number", "keywords": ["emp-"], "pattern": "EMP-(?<secret>[0-9]{8})" }]], "items": { "title": "Rule", "description": "One rule.", "type": "object", "additionalProperties": false, "required": ["id", "keywords", "pattern"], "examples": [{ "id": "staff-number", "keywords": ["emp-"], "pattern": "EMP-(?<secret>[0-9]{8})", "examples": ["EMP-00471100"] }], "properties": { "id": { "title": "Id", "description": "Stands in the mark; none of driverd's own.", "type": "string", "pattern": "^[a-z0-9-]{1,64}$", "examples": ["staff-number"] }, "keywords": { "title": "Keywords", "description": "Printable ASCII, 3 characters or more, upper and lower case alike; the pattern is tried only on lines in which one of them stands. Rare ones save time.", "type": "array", "minItems": 1, "maxItems": 32, "examples": [["emp-"]], "items": { "type": "string", "pattern": "^[\\x20-\\x7e]{3,64}$", "title": "Keyword", "description": "One keyword.", "examples": ["emp-"] } }, "pattern": { "title": "Pattern", "description": "A regular expression in RE2's syntax, tried on each line as bytes; its group `secret` is masked, or the whole match where it has none.", "type": "string", "pattern": "^[\\x20-\\x7e]{1,2000}$", "examples": ["EMP-(?<secret>[0-9]{8})"] }, "minimum_entropy": { "title": "Least entropy", "description": "What has less than so many bits a character is left.", "type": "number", "minimum": 0, "maximum": 8, "examples": [3] }, "allow": { "title": "Exceptions", "description": "A pattern likewise: a secret that it matches somewhere is left.", "type": "string", "pattern": "^[\\x20-\\x7e]{1,2000}$", "examples": ["^0+$"] }, "examples": { "title": "Examples", "description": "Lines in which the rule must find something, or the configuration is refused.", "type": "array", "maxItems": 32, "default": [], "examples": [["EMP-00471100"]], "items": { "type": "string", "minLength": 1, "maxLength": 8e3, "title": "Example", "description": "One line.", "examples": ["EMP-00471100"] } } } } }, "allow": { "title": "Exceptions", "description": "What rules find and is left all the same. Values that driverd knows, and private keys, are masked whatever stands here.", "type": "array", "maxItems": 512, "default": [], "examples": [[{ "text": "AKIAIOSFODNN7EXAMPLE", "rules": ["aws-access-key-id"] }]], "items": { "title": "Exception", "description": "One exception, by its text or by a pattern.", "type": "object", "additionalProperties": false, "examples": [{ "text": "changeit" }], "properties": { "text": { "title": "Text", "description": "The whole of what a rule finds, exactly.", "type": "string", "minLength": 1, "maxLength": 8e3, "examples": ["changeit"] }, "pattern": { "title": "Pattern", "description": "A regular expression in RE2's syntax that matches the whole of what a rule finds.", "type": "string", "pattern": "^[\\x20-\\x7e]{1,2000}$", "examples": ["test-[0-9]+"] }, "rules": { "title": "Rules", "description": "For these rules alone; for all of them if left out.", "type": "array", "minItems": 1, "maxItems": 128, "examples": [["staff-number"]], "items": { "type": "string", "pattern": "^[a-z0-9-]{1,64}$", "title": "Id", "description": "A rule's id.", "examples": ["staff-number"] } } }, "oneOf": [{ "required": ["text"] }, { "required": ["pattern"] }] } }, "values": { "title": "Values", "description": "Secrets that driverd is to know, whichever driver prints them; read anew with each reload.", "type": "array", "maxItems": 64, "default": [], "examples": [[{ "name": "root-password", "file": "/etc/driverd/secrets/root-password" }]], "items": { "title": "Value", "description": "One value.", "type": "object", "additionalProperties": false, "required": ["name", "file"], "examples": [{ "name": "root-password", "file": "/etc/driverd/secrets/root-password" }], "properties": { "name": { "title": "Name", "description": "Stands in the mark.", "type": "string", "pattern": "^[a-z][a-z0-9_-]{0,31}$", "examples": ["root-password"] }, "file": { "title": "File", "description": "A file of root's, 8 bytes to 64 KiB, that nobody else can write.", "type": "string", "pattern": "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$", "maxLength": 4096, "examples": ["/etc/driverd/secrets/root-password"] } } } } } } } };
var func1 = Object.prototype.hasOwnProperty;
var func2 = require_ucs2length().default;
var pattern4 = new RegExp("^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$", "u");
var pattern5 = new RegExp("^0[0-7]{3}$", "u");
var pattern7 = new RegExp("^[a-z][a-z0-9_-]{0,31}$", "u");
var pattern8 = new RegExp("^[^\\u0000-\\u001f\\u007f]{1,256}$", "u");
var pattern10 = new RegExp("^[^/\\s]{1,246}\\.(?:service|scope|slice|socket|mount|swap)$", "u");
var pattern13 = new RegExp("^[a-z0-9-]{1,64}$", "u");
var pattern14 = new RegExp("^[\\x20-\\x7e]{3,64}$", "u");
var pattern15 = new RegExp("^[\\x20-\\x7e]{1,2000}$", "u");
function validate20(data, { instancePath = "", parentData, parentDataProperty, rootData = data, dynamicAnchors = {} } = {}) {
  ;
  let vErrors = null;
  let errors = 0;
  const evaluated0 = validate20.evaluated;
  if (evaluated0.dynamicProps) {
    evaluated0.props = void 0;
  }
  if (evaluated0.dynamicItems) {
    evaluated0.items = void 0;
  }
  if (errors === 0) {
    if (data && typeof data == "object" && !Array.isArray(data)) {
      if (data.development === void 0) {
        data.development = false;
      }
      if (data.socket === void 0) {
        data.socket = {};
      }
      if (data.driver_paths === void 0) {
        data.driver_paths = ["/usr/lib/driverd/drivers"];
      }
      if (data.identities === void 0) {
        data.identities = {};
      }
      if (data.broker_user === void 0) {
        data.broker_user = null;
      }
      if (data.trusted_group === void 0) {
        data.trusted_group = null;
      }
      if (data.roles === void 0) {
        data.roles = {};
      }
      if (data.audit === void 0) {
        data.audit = {};
      }
      if (data.log_level === void 0) {
        data.log_level = "info";
      }
      if (data.drain_ms === void 0) {
        data.drain_ms = 1e4;
      }
      if (data.limits === void 0) {
        data.limits = {};
      }
      if (data.limit_overrides === void 0) {
        data.limit_overrides = [];
      }
      if (data.scrub === void 0) {
        data.scrub = {};
      }
      let missing0;
      if (data.version === void 0 && (missing0 = "version")) {
        validate20.errors = [{ instancePath, schemaPath: "#/required", keyword: "required", params: { missingProperty: missing0 }, message: "must have required property '" + missing0 + "'" }];
        return false;
      } else {
        const _errs1 = errors;
        for (const key0 in data) {
          if (!func1.call(schema31.properties, key0)) {
            validate20.errors = [{ instancePath, schemaPath: "#/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key0 }, message: "must NOT have additional properties" }];
            return false;
            break;
          }
        }
        if (_errs1 === errors) {
          if (data.version !== void 0) {
            let data0 = data.version;
            const _errs2 = errors;
            if (!(typeof data0 == "number" && (!(data0 % 1) && !isNaN(data0)) && isFinite(data0))) {
              validate20.errors = [{ instancePath: instancePath + "/version", schemaPath: "#/properties/version/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
              return false;
            }
            if (1 !== data0) {
              validate20.errors = [{ instancePath: instancePath + "/version", schemaPath: "#/properties/version/const", keyword: "const", params: { allowedValue: 1 }, message: "must be equal to constant" }];
              return false;
            }
            var valid0 = _errs2 === errors;
          } else {
            var valid0 = true;
          }
          if (valid0) {
            const _errs4 = errors;
            if (typeof data.development !== "boolean") {
              validate20.errors = [{ instancePath: instancePath + "/development", schemaPath: "#/properties/development/type", keyword: "type", params: { type: "boolean" }, message: "must be boolean" }];
              return false;
            }
            var valid0 = _errs4 === errors;
            if (valid0) {
              let data2 = data.socket;
              const _errs6 = errors;
              if (errors === _errs6) {
                if (data2 && typeof data2 == "object" && !Array.isArray(data2)) {
                  if (data2.path === void 0) {
                    data2.path = "/run/driverd/driverd.sock";
                  }
                  if (data2.group === void 0) {
                    data2.group = "driverd";
                  }
                  if (data2.mode === void 0) {
                    data2.mode = "0660";
                  }
                  const _errs8 = errors;
                  for (const key1 in data2) {
                    if (!(key1 === "path" || key1 === "group" || key1 === "mode")) {
                      validate20.errors = [{ instancePath: instancePath + "/socket", schemaPath: "#/properties/socket/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key1 }, message: "must NOT have additional properties" }];
                      return false;
                      break;
                    }
                  }
                  if (_errs8 === errors) {
                    let data3 = data2.path;
                    const _errs9 = errors;
                    if (errors === _errs9) {
                      if (typeof data3 === "string") {
                        if (func2(data3) > 4096) {
                          validate20.errors = [{ instancePath: instancePath + "/socket/path", schemaPath: "#/properties/socket/properties/path/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" }];
                          return false;
                        } else {
                          if (!pattern4.test(data3)) {
                            validate20.errors = [{ instancePath: instancePath + "/socket/path", schemaPath: "#/properties/socket/properties/path/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' }];
                            return false;
                          }
                        }
                      } else {
                        validate20.errors = [{ instancePath: instancePath + "/socket/path", schemaPath: "#/properties/socket/properties/path/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                        return false;
                      }
                    }
                    var valid1 = _errs9 === errors;
                    if (valid1) {
                      let data4 = data2.group;
                      const _errs11 = errors;
                      if (typeof data4 !== "string" && data4 !== null) {
                        validate20.errors = [{ instancePath: instancePath + "/socket/group", schemaPath: "#/properties/socket/properties/group/type", keyword: "type", params: { type: schema31.properties.socket.properties.group.type }, message: "must be string,null" }];
                        return false;
                      }
                      if (errors === _errs11) {
                        if (typeof data4 === "string") {
                          if (func2(data4) > 256) {
                            validate20.errors = [{ instancePath: instancePath + "/socket/group", schemaPath: "#/properties/socket/properties/group/maxLength", keyword: "maxLength", params: { limit: 256 }, message: "must NOT have more than 256 characters" }];
                            return false;
                          }
                        }
                      }
                      var valid1 = _errs11 === errors;
                      if (valid1) {
                        let data5 = data2.mode;
                        const _errs13 = errors;
                        if (errors === _errs13) {
                          if (typeof data5 === "string") {
                            if (!pattern5.test(data5)) {
                              validate20.errors = [{ instancePath: instancePath + "/socket/mode", schemaPath: "#/properties/socket/properties/mode/pattern", keyword: "pattern", params: { pattern: "^0[0-7]{3}$" }, message: 'must match pattern "^0[0-7]{3}$"' }];
                              return false;
                            }
                          } else {
                            validate20.errors = [{ instancePath: instancePath + "/socket/mode", schemaPath: "#/properties/socket/properties/mode/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                            return false;
                          }
                        }
                        var valid1 = _errs13 === errors;
                      }
                    }
                  }
                } else {
                  validate20.errors = [{ instancePath: instancePath + "/socket", schemaPath: "#/properties/socket/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                  return false;
                }
              }
              var valid0 = _errs6 === errors;
              if (valid0) {
                let data6 = data.driver_paths;
                const _errs15 = errors;
                if (errors === _errs15) {
                  if (Array.isArray(data6)) {
                    if (data6.length > 16) {
                      validate20.errors = [{ instancePath: instancePath + "/driver_paths", schemaPath: "#/properties/driver_paths/maxItems", keyword: "maxItems", params: { limit: 16 }, message: "must NOT have more than 16 items" }];
                      return false;
                    } else {
                      var valid2 = true;
                      const len0 = data6.length;
                      for (let i0 = 0; i0 < len0; i0++) {
                        let data7 = data6[i0];
                        const _errs17 = errors;
                        if (errors === _errs17) {
                          if (typeof data7 === "string") {
                            if (func2(data7) > 4096) {
                              validate20.errors = [{ instancePath: instancePath + "/driver_paths/" + i0, schemaPath: "#/properties/driver_paths/items/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" }];
                              return false;
                            } else {
                              if (!pattern4.test(data7)) {
                                validate20.errors = [{ instancePath: instancePath + "/driver_paths/" + i0, schemaPath: "#/properties/driver_paths/items/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' }];
                                return false;
                              }
                            }
                          } else {
                            validate20.errors = [{ instancePath: instancePath + "/driver_paths/" + i0, schemaPath: "#/properties/driver_paths/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                            return false;
                          }
                        }
                        var valid2 = _errs17 === errors;
                        if (!valid2) {
                          break;
                        }
                      }
                    }
                  } else {
                    validate20.errors = [{ instancePath: instancePath + "/driver_paths", schemaPath: "#/properties/driver_paths/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                    return false;
                  }
                }
                var valid0 = _errs15 === errors;
                if (valid0) {
                  let data8 = data.identities;
                  const _errs19 = errors;
                  if (errors === _errs19) {
                    if (data8 && typeof data8 == "object" && !Array.isArray(data8)) {
                      if (data8.first === void 0) {
                        data8.first = 7e4;
                      }
                      if (data8.last === void 0) {
                        data8.last = 79999;
                      }
                      const _errs21 = errors;
                      for (const key2 in data8) {
                        if (!(key2 === "first" || key2 === "last")) {
                          validate20.errors = [{ instancePath: instancePath + "/identities", schemaPath: "#/properties/identities/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key2 }, message: "must NOT have additional properties" }];
                          return false;
                          break;
                        }
                      }
                      if (_errs21 === errors) {
                        let data9 = data8.first;
                        const _errs22 = errors;
                        if (!(typeof data9 == "number" && (!(data9 % 1) && !isNaN(data9)) && isFinite(data9))) {
                          validate20.errors = [{ instancePath: instancePath + "/identities/first", schemaPath: "#/properties/identities/properties/first/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                          return false;
                        }
                        if (errors === _errs22) {
                          if (typeof data9 == "number" && isFinite(data9)) {
                            if (data9 > 2147483646 || isNaN(data9)) {
                              validate20.errors = [{ instancePath: instancePath + "/identities/first", schemaPath: "#/properties/identities/properties/first/maximum", keyword: "maximum", params: { comparison: "<=", limit: 2147483646 }, message: "must be <= 2147483646" }];
                              return false;
                            } else {
                              if (data9 < 1e3 || isNaN(data9)) {
                                validate20.errors = [{ instancePath: instancePath + "/identities/first", schemaPath: "#/properties/identities/properties/first/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1e3 }, message: "must be >= 1000" }];
                                return false;
                              }
                            }
                          }
                        }
                        var valid3 = _errs22 === errors;
                        if (valid3) {
                          let data10 = data8.last;
                          const _errs24 = errors;
                          if (!(typeof data10 == "number" && (!(data10 % 1) && !isNaN(data10)) && isFinite(data10))) {
                            validate20.errors = [{ instancePath: instancePath + "/identities/last", schemaPath: "#/properties/identities/properties/last/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                            return false;
                          }
                          if (errors === _errs24) {
                            if (typeof data10 == "number" && isFinite(data10)) {
                              if (data10 > 2147483646 || isNaN(data10)) {
                                validate20.errors = [{ instancePath: instancePath + "/identities/last", schemaPath: "#/properties/identities/properties/last/maximum", keyword: "maximum", params: { comparison: "<=", limit: 2147483646 }, message: "must be <= 2147483646" }];
                                return false;
                              } else {
                                if (data10 < 1e3 || isNaN(data10)) {
                                  validate20.errors = [{ instancePath: instancePath + "/identities/last", schemaPath: "#/properties/identities/properties/last/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1e3 }, message: "must be >= 1000" }];
                                  return false;
                                }
                              }
                            }
                          }
                          var valid3 = _errs24 === errors;
                        }
                      }
                    } else {
                      validate20.errors = [{ instancePath: instancePath + "/identities", schemaPath: "#/properties/identities/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                      return false;
                    }
                  }
                  var valid0 = _errs19 === errors;
                  if (valid0) {
                    let data11 = data.broker_user;
                    const _errs26 = errors;
                    if (!(data11 && typeof data11 == "object" && !Array.isArray(data11)) && data11 !== null) {
                      validate20.errors = [{ instancePath: instancePath + "/broker_user", schemaPath: "#/properties/broker_user/type", keyword: "type", params: { type: schema31.properties.broker_user.type }, message: "must be object,null" }];
                      return false;
                    }
                    if (errors === _errs26) {
                      if (data11 && typeof data11 == "object" && !Array.isArray(data11)) {
                        let missing1;
                        if (data11.uid === void 0 && (missing1 = "uid") || data11.gid === void 0 && (missing1 = "gid")) {
                          validate20.errors = [{ instancePath: instancePath + "/broker_user", schemaPath: "#/properties/broker_user/required", keyword: "required", params: { missingProperty: missing1 }, message: "must have required property '" + missing1 + "'" }];
                          return false;
                        } else {
                          const _errs28 = errors;
                          for (const key3 in data11) {
                            if (!(key3 === "uid" || key3 === "gid")) {
                              validate20.errors = [{ instancePath: instancePath + "/broker_user", schemaPath: "#/properties/broker_user/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key3 }, message: "must NOT have additional properties" }];
                              return false;
                              break;
                            }
                          }
                          if (_errs28 === errors) {
                            if (data11.uid !== void 0) {
                              let data12 = data11.uid;
                              const _errs29 = errors;
                              if (!(typeof data12 == "number" && (!(data12 % 1) && !isNaN(data12)) && isFinite(data12))) {
                                validate20.errors = [{ instancePath: instancePath + "/broker_user/uid", schemaPath: "#/properties/broker_user/properties/uid/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                return false;
                              }
                              if (errors === _errs29) {
                                if (typeof data12 == "number" && isFinite(data12)) {
                                  if (data12 > 2147483646 || isNaN(data12)) {
                                    validate20.errors = [{ instancePath: instancePath + "/broker_user/uid", schemaPath: "#/properties/broker_user/properties/uid/maximum", keyword: "maximum", params: { comparison: "<=", limit: 2147483646 }, message: "must be <= 2147483646" }];
                                    return false;
                                  } else {
                                    if (data12 < 1 || isNaN(data12)) {
                                      validate20.errors = [{ instancePath: instancePath + "/broker_user/uid", schemaPath: "#/properties/broker_user/properties/uid/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                      return false;
                                    }
                                  }
                                }
                              }
                              var valid4 = _errs29 === errors;
                            } else {
                              var valid4 = true;
                            }
                            if (valid4) {
                              if (data11.gid !== void 0) {
                                let data13 = data11.gid;
                                const _errs31 = errors;
                                if (!(typeof data13 == "number" && (!(data13 % 1) && !isNaN(data13)) && isFinite(data13))) {
                                  validate20.errors = [{ instancePath: instancePath + "/broker_user/gid", schemaPath: "#/properties/broker_user/properties/gid/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                  return false;
                                }
                                if (errors === _errs31) {
                                  if (typeof data13 == "number" && isFinite(data13)) {
                                    if (data13 > 2147483646 || isNaN(data13)) {
                                      validate20.errors = [{ instancePath: instancePath + "/broker_user/gid", schemaPath: "#/properties/broker_user/properties/gid/maximum", keyword: "maximum", params: { comparison: "<=", limit: 2147483646 }, message: "must be <= 2147483646" }];
                                      return false;
                                    } else {
                                      if (data13 < 1 || isNaN(data13)) {
                                        validate20.errors = [{ instancePath: instancePath + "/broker_user/gid", schemaPath: "#/properties/broker_user/properties/gid/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                        return false;
                                      }
                                    }
                                  }
                                }
                                var valid4 = _errs31 === errors;
                              } else {
                                var valid4 = true;
                              }
                            }
                          }
                        }
                      }
                    }
                    var valid0 = _errs26 === errors;
                    if (valid0) {
                      let data14 = data.trusted_group;
                      const _errs33 = errors;
                      if (typeof data14 !== "string" && data14 !== null) {
                        validate20.errors = [{ instancePath: instancePath + "/trusted_group", schemaPath: "#/properties/trusted_group/type", keyword: "type", params: { type: schema31.properties.trusted_group.type }, message: "must be string,null" }];
                        return false;
                      }
                      if (errors === _errs33) {
                        if (typeof data14 === "string") {
                          if (func2(data14) > 256) {
                            validate20.errors = [{ instancePath: instancePath + "/trusted_group", schemaPath: "#/properties/trusted_group/maxLength", keyword: "maxLength", params: { limit: 256 }, message: "must NOT have more than 256 characters" }];
                            return false;
                          }
                        }
                      }
                      var valid0 = _errs33 === errors;
                      if (valid0) {
                        let data15 = data.roles;
                        const _errs35 = errors;
                        if (errors === _errs35) {
                          if (data15 && typeof data15 == "object" && !Array.isArray(data15)) {
                            if (Object.keys(data15).length > 64) {
                              validate20.errors = [{ instancePath: instancePath + "/roles", schemaPath: "#/properties/roles/maxProperties", keyword: "maxProperties", params: { limit: 64 }, message: "must NOT have more than 64 properties" }];
                              return false;
                            } else {
                              for (const key4 in data15) {
                                const _errs37 = errors;
                                if (errors === _errs37) {
                                  if (typeof key4 === "string") {
                                    if (!pattern7.test(key4)) {
                                      const err0 = { instancePath: instancePath + "/roles", schemaPath: "#/properties/roles/propertyNames/pattern", keyword: "pattern", params: { pattern: "^[a-z][a-z0-9_-]{0,31}$" }, message: 'must match pattern "^[a-z][a-z0-9_-]{0,31}$"', propertyName: key4 };
                                      if (vErrors === null) {
                                        vErrors = [err0];
                                      } else {
                                        vErrors.push(err0);
                                      }
                                      errors++;
                                    }
                                  } else {
                                    const err1 = { instancePath: instancePath + "/roles", schemaPath: "#/properties/roles/propertyNames/type", keyword: "type", params: { type: "string" }, message: "must be string", propertyName: key4 };
                                    if (vErrors === null) {
                                      vErrors = [err1];
                                    } else {
                                      vErrors.push(err1);
                                    }
                                    errors++;
                                  }
                                }
                                var valid5 = _errs37 === errors;
                                if (!valid5) {
                                  const err2 = { instancePath: instancePath + "/roles", schemaPath: "#/properties/roles/propertyNames", keyword: "propertyNames", params: { propertyName: key4 }, message: "property name must be valid" };
                                  if (vErrors === null) {
                                    vErrors = [err2];
                                  } else {
                                    vErrors.push(err2);
                                  }
                                  errors++;
                                  validate20.errors = vErrors;
                                  return false;
                                  break;
                                }
                              }
                              if (valid5) {
                                for (const key5 in data15) {
                                  let data16 = data15[key5];
                                  const _errs40 = errors;
                                  if (errors === _errs40) {
                                    if (data16 && typeof data16 == "object" && !Array.isArray(data16)) {
                                      if (data16.users === void 0) {
                                        data16.users = [];
                                      }
                                      if (data16.groups === void 0) {
                                        data16.groups = [];
                                      }
                                      if (data16.units === void 0) {
                                        data16.units = [];
                                      }
                                      const _errs42 = errors;
                                      for (const key6 in data16) {
                                        if (!(key6 === "users" || key6 === "groups" || key6 === "units")) {
                                          validate20.errors = [{ instancePath: instancePath + "/roles/" + key5.replace(/~/g, "~0").replace(/\//g, "~1"), schemaPath: "#/properties/roles/additionalProperties/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key6 }, message: "must NOT have additional properties" }];
                                          return false;
                                          break;
                                        }
                                      }
                                      if (_errs42 === errors) {
                                        let data17 = data16.users;
                                        const _errs43 = errors;
                                        if (errors === _errs43) {
                                          if (Array.isArray(data17)) {
                                            if (data17.length > 64) {
                                              validate20.errors = [{ instancePath: instancePath + "/roles/" + key5.replace(/~/g, "~0").replace(/\//g, "~1") + "/users", schemaPath: "#/properties/roles/additionalProperties/properties/users/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                                              return false;
                                            } else {
                                              var valid8 = true;
                                              const len1 = data17.length;
                                              for (let i1 = 0; i1 < len1; i1++) {
                                                let data18 = data17[i1];
                                                const _errs45 = errors;
                                                if (errors === _errs45) {
                                                  if (typeof data18 === "string") {
                                                    if (func2(data18) > 256) {
                                                      validate20.errors = [{ instancePath: instancePath + "/roles/" + key5.replace(/~/g, "~0").replace(/\//g, "~1") + "/users/" + i1, schemaPath: "#/properties/roles/additionalProperties/properties/users/items/maxLength", keyword: "maxLength", params: { limit: 256 }, message: "must NOT have more than 256 characters" }];
                                                      return false;
                                                    } else {
                                                      if (!pattern8.test(data18)) {
                                                        validate20.errors = [{ instancePath: instancePath + "/roles/" + key5.replace(/~/g, "~0").replace(/\//g, "~1") + "/users/" + i1, schemaPath: "#/properties/roles/additionalProperties/properties/users/items/pattern", keyword: "pattern", params: { pattern: "^[^\\u0000-\\u001f\\u007f]{1,256}$" }, message: 'must match pattern "^[^\\u0000-\\u001f\\u007f]{1,256}$"' }];
                                                        return false;
                                                      }
                                                    }
                                                  } else {
                                                    validate20.errors = [{ instancePath: instancePath + "/roles/" + key5.replace(/~/g, "~0").replace(/\//g, "~1") + "/users/" + i1, schemaPath: "#/properties/roles/additionalProperties/properties/users/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                    return false;
                                                  }
                                                }
                                                var valid8 = _errs45 === errors;
                                                if (!valid8) {
                                                  break;
                                                }
                                              }
                                            }
                                          } else {
                                            validate20.errors = [{ instancePath: instancePath + "/roles/" + key5.replace(/~/g, "~0").replace(/\//g, "~1") + "/users", schemaPath: "#/properties/roles/additionalProperties/properties/users/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                            return false;
                                          }
                                        }
                                        var valid7 = _errs43 === errors;
                                        if (valid7) {
                                          let data19 = data16.groups;
                                          const _errs47 = errors;
                                          if (errors === _errs47) {
                                            if (Array.isArray(data19)) {
                                              if (data19.length > 64) {
                                                validate20.errors = [{ instancePath: instancePath + "/roles/" + key5.replace(/~/g, "~0").replace(/\//g, "~1") + "/groups", schemaPath: "#/properties/roles/additionalProperties/properties/groups/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                                                return false;
                                              } else {
                                                var valid9 = true;
                                                const len2 = data19.length;
                                                for (let i2 = 0; i2 < len2; i2++) {
                                                  let data20 = data19[i2];
                                                  const _errs49 = errors;
                                                  if (errors === _errs49) {
                                                    if (typeof data20 === "string") {
                                                      if (func2(data20) > 256) {
                                                        validate20.errors = [{ instancePath: instancePath + "/roles/" + key5.replace(/~/g, "~0").replace(/\//g, "~1") + "/groups/" + i2, schemaPath: "#/properties/roles/additionalProperties/properties/groups/items/maxLength", keyword: "maxLength", params: { limit: 256 }, message: "must NOT have more than 256 characters" }];
                                                        return false;
                                                      } else {
                                                        if (!pattern8.test(data20)) {
                                                          validate20.errors = [{ instancePath: instancePath + "/roles/" + key5.replace(/~/g, "~0").replace(/\//g, "~1") + "/groups/" + i2, schemaPath: "#/properties/roles/additionalProperties/properties/groups/items/pattern", keyword: "pattern", params: { pattern: "^[^\\u0000-\\u001f\\u007f]{1,256}$" }, message: 'must match pattern "^[^\\u0000-\\u001f\\u007f]{1,256}$"' }];
                                                          return false;
                                                        }
                                                      }
                                                    } else {
                                                      validate20.errors = [{ instancePath: instancePath + "/roles/" + key5.replace(/~/g, "~0").replace(/\//g, "~1") + "/groups/" + i2, schemaPath: "#/properties/roles/additionalProperties/properties/groups/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                      return false;
                                                    }
                                                  }
                                                  var valid9 = _errs49 === errors;
                                                  if (!valid9) {
                                                    break;
                                                  }
                                                }
                                              }
                                            } else {
                                              validate20.errors = [{ instancePath: instancePath + "/roles/" + key5.replace(/~/g, "~0").replace(/\//g, "~1") + "/groups", schemaPath: "#/properties/roles/additionalProperties/properties/groups/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                              return false;
                                            }
                                          }
                                          var valid7 = _errs47 === errors;
                                          if (valid7) {
                                            let data21 = data16.units;
                                            const _errs51 = errors;
                                            if (errors === _errs51) {
                                              if (Array.isArray(data21)) {
                                                if (data21.length > 64) {
                                                  validate20.errors = [{ instancePath: instancePath + "/roles/" + key5.replace(/~/g, "~0").replace(/\//g, "~1") + "/units", schemaPath: "#/properties/roles/additionalProperties/properties/units/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                                                  return false;
                                                } else {
                                                  var valid10 = true;
                                                  const len3 = data21.length;
                                                  for (let i3 = 0; i3 < len3; i3++) {
                                                    let data22 = data21[i3];
                                                    const _errs53 = errors;
                                                    if (errors === _errs53) {
                                                      if (typeof data22 === "string") {
                                                        if (func2(data22) > 256) {
                                                          validate20.errors = [{ instancePath: instancePath + "/roles/" + key5.replace(/~/g, "~0").replace(/\//g, "~1") + "/units/" + i3, schemaPath: "#/properties/roles/additionalProperties/properties/units/items/maxLength", keyword: "maxLength", params: { limit: 256 }, message: "must NOT have more than 256 characters" }];
                                                          return false;
                                                        } else {
                                                          if (!pattern10.test(data22)) {
                                                            validate20.errors = [{ instancePath: instancePath + "/roles/" + key5.replace(/~/g, "~0").replace(/\//g, "~1") + "/units/" + i3, schemaPath: "#/properties/roles/additionalProperties/properties/units/items/pattern", keyword: "pattern", params: { pattern: "^[^/\\s]{1,246}\\.(?:service|scope|slice|socket|mount|swap)$" }, message: 'must match pattern "^[^/\\s]{1,246}\\.(?:service|scope|slice|socket|mount|swap)$"' }];
                                                            return false;
                                                          }
                                                        }
                                                      } else {
                                                        validate20.errors = [{ instancePath: instancePath + "/roles/" + key5.replace(/~/g, "~0").replace(/\//g, "~1") + "/units/" + i3, schemaPath: "#/properties/roles/additionalProperties/properties/units/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                        return false;
                                                      }
                                                    }
                                                    var valid10 = _errs53 === errors;
                                                    if (!valid10) {
                                                      break;
                                                    }
                                                  }
                                                }
                                              } else {
                                                validate20.errors = [{ instancePath: instancePath + "/roles/" + key5.replace(/~/g, "~0").replace(/\//g, "~1") + "/units", schemaPath: "#/properties/roles/additionalProperties/properties/units/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                                return false;
                                              }
                                            }
                                            var valid7 = _errs51 === errors;
                                          }
                                        }
                                      }
                                    } else {
                                      validate20.errors = [{ instancePath: instancePath + "/roles/" + key5.replace(/~/g, "~0").replace(/\//g, "~1"), schemaPath: "#/properties/roles/additionalProperties/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                      return false;
                                    }
                                  }
                                  var valid6 = _errs40 === errors;
                                  if (!valid6) {
                                    break;
                                  }
                                }
                              }
                            }
                          } else {
                            validate20.errors = [{ instancePath: instancePath + "/roles", schemaPath: "#/properties/roles/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                            return false;
                          }
                        }
                        var valid0 = _errs35 === errors;
                        if (valid0) {
                          let data23 = data.audit;
                          const _errs55 = errors;
                          if (errors === _errs55) {
                            if (data23 && typeof data23 == "object" && !Array.isArray(data23)) {
                              if (data23.path === void 0) {
                                data23.path = "/var/log/driverd/audit.jsonl";
                              }
                              if (data23.durability === void 0) {
                                data23.durability = "outcome";
                              }
                              if (data23.seal === void 0) {
                                data23.seal = {};
                              }
                              if (data23.rotate_bytes === void 0) {
                                data23.rotate_bytes = 67108864;
                              }
                              if (data23.rotate_hours === void 0) {
                                data23.rotate_hours = 24;
                              }
                              if (data23.compress === void 0) {
                                data23.compress = true;
                              }
                              if (data23.retention === void 0) {
                                data23.retention = {};
                              }
                              if (data23.low_water_bytes === void 0) {
                                data23.low_water_bytes = 268435456;
                              }
                              if (data23.reserve_bytes === void 0) {
                                data23.reserve_bytes = 1048576;
                              }
                              if (data23.params_key_days === void 0) {
                                data23.params_key_days = 90;
                              }
                              if (data23.watch_ms === void 0) {
                                data23.watch_ms = 6e4;
                              }
                              if (data23.repeated_denials === void 0) {
                                data23.repeated_denials = 20;
                              }
                              if (data23.repeated_denials_ms === void 0) {
                                data23.repeated_denials_ms = 6e4;
                              }
                              const _errs57 = errors;
                              for (const key7 in data23) {
                                if (!func1.call(schema31.properties.audit.properties, key7)) {
                                  validate20.errors = [{ instancePath: instancePath + "/audit", schemaPath: "#/properties/audit/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key7 }, message: "must NOT have additional properties" }];
                                  return false;
                                  break;
                                }
                              }
                              if (_errs57 === errors) {
                                let data24 = data23.path;
                                const _errs58 = errors;
                                if (errors === _errs58) {
                                  if (typeof data24 === "string") {
                                    if (func2(data24) > 4096) {
                                      validate20.errors = [{ instancePath: instancePath + "/audit/path", schemaPath: "#/properties/audit/properties/path/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" }];
                                      return false;
                                    } else {
                                      if (!pattern4.test(data24)) {
                                        validate20.errors = [{ instancePath: instancePath + "/audit/path", schemaPath: "#/properties/audit/properties/path/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' }];
                                        return false;
                                      }
                                    }
                                  } else {
                                    validate20.errors = [{ instancePath: instancePath + "/audit/path", schemaPath: "#/properties/audit/properties/path/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                    return false;
                                  }
                                }
                                var valid11 = _errs58 === errors;
                                if (valid11) {
                                  let data25 = data23.durability;
                                  const _errs60 = errors;
                                  if (typeof data25 !== "string") {
                                    validate20.errors = [{ instancePath: instancePath + "/audit/durability", schemaPath: "#/properties/audit/properties/durability/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                    return false;
                                  }
                                  if (!(data25 === "outcome" || data25 === "intent" || data25 === "none")) {
                                    validate20.errors = [{ instancePath: instancePath + "/audit/durability", schemaPath: "#/properties/audit/properties/durability/enum", keyword: "enum", params: { allowedValues: schema31.properties.audit.properties.durability.enum }, message: "must be equal to one of the allowed values" }];
                                    return false;
                                  }
                                  var valid11 = _errs60 === errors;
                                  if (valid11) {
                                    let data26 = data23.seal;
                                    const _errs62 = errors;
                                    if (errors === _errs62) {
                                      if (data26 && typeof data26 == "object" && !Array.isArray(data26)) {
                                        if (data26.records === void 0) {
                                          data26.records = 1e4;
                                        }
                                        if (data26.seconds === void 0) {
                                          data26.seconds = 600;
                                        }
                                        const _errs64 = errors;
                                        for (const key8 in data26) {
                                          if (!(key8 === "records" || key8 === "seconds")) {
                                            validate20.errors = [{ instancePath: instancePath + "/audit/seal", schemaPath: "#/properties/audit/properties/seal/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key8 }, message: "must NOT have additional properties" }];
                                            return false;
                                            break;
                                          }
                                        }
                                        if (_errs64 === errors) {
                                          let data27 = data26.records;
                                          const _errs65 = errors;
                                          if (!(typeof data27 == "number" && (!(data27 % 1) && !isNaN(data27)) && isFinite(data27))) {
                                            validate20.errors = [{ instancePath: instancePath + "/audit/seal/records", schemaPath: "#/properties/audit/properties/seal/properties/records/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                            return false;
                                          }
                                          if (errors === _errs65) {
                                            if (typeof data27 == "number" && isFinite(data27)) {
                                              if (data27 > 1e6 || isNaN(data27)) {
                                                validate20.errors = [{ instancePath: instancePath + "/audit/seal/records", schemaPath: "#/properties/audit/properties/seal/properties/records/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1e6 }, message: "must be <= 1000000" }];
                                                return false;
                                              } else {
                                                if (data27 < 1 || isNaN(data27)) {
                                                  validate20.errors = [{ instancePath: instancePath + "/audit/seal/records", schemaPath: "#/properties/audit/properties/seal/properties/records/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                  return false;
                                                }
                                              }
                                            }
                                          }
                                          var valid12 = _errs65 === errors;
                                          if (valid12) {
                                            let data28 = data26.seconds;
                                            const _errs67 = errors;
                                            if (!(typeof data28 == "number" && (!(data28 % 1) && !isNaN(data28)) && isFinite(data28))) {
                                              validate20.errors = [{ instancePath: instancePath + "/audit/seal/seconds", schemaPath: "#/properties/audit/properties/seal/properties/seconds/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                              return false;
                                            }
                                            if (errors === _errs67) {
                                              if (typeof data28 == "number" && isFinite(data28)) {
                                                if (data28 > 86400 || isNaN(data28)) {
                                                  validate20.errors = [{ instancePath: instancePath + "/audit/seal/seconds", schemaPath: "#/properties/audit/properties/seal/properties/seconds/maximum", keyword: "maximum", params: { comparison: "<=", limit: 86400 }, message: "must be <= 86400" }];
                                                  return false;
                                                } else {
                                                  if (data28 < 1 || isNaN(data28)) {
                                                    validate20.errors = [{ instancePath: instancePath + "/audit/seal/seconds", schemaPath: "#/properties/audit/properties/seal/properties/seconds/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                    return false;
                                                  }
                                                }
                                              }
                                            }
                                            var valid12 = _errs67 === errors;
                                          }
                                        }
                                      } else {
                                        validate20.errors = [{ instancePath: instancePath + "/audit/seal", schemaPath: "#/properties/audit/properties/seal/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                        return false;
                                      }
                                    }
                                    var valid11 = _errs62 === errors;
                                    if (valid11) {
                                      let data29 = data23.rotate_bytes;
                                      const _errs69 = errors;
                                      if (!(typeof data29 == "number" && (!(data29 % 1) && !isNaN(data29)) && isFinite(data29))) {
                                        validate20.errors = [{ instancePath: instancePath + "/audit/rotate_bytes", schemaPath: "#/properties/audit/properties/rotate_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                        return false;
                                      }
                                      if (errors === _errs69) {
                                        if (typeof data29 == "number" && isFinite(data29)) {
                                          if (data29 > 1073741824 || isNaN(data29)) {
                                            validate20.errors = [{ instancePath: instancePath + "/audit/rotate_bytes", schemaPath: "#/properties/audit/properties/rotate_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1073741824 }, message: "must be <= 1073741824" }];
                                            return false;
                                          } else {
                                            if (data29 < 4096 || isNaN(data29)) {
                                              validate20.errors = [{ instancePath: instancePath + "/audit/rotate_bytes", schemaPath: "#/properties/audit/properties/rotate_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 4096 }, message: "must be >= 4096" }];
                                              return false;
                                            }
                                          }
                                        }
                                      }
                                      var valid11 = _errs69 === errors;
                                      if (valid11) {
                                        let data30 = data23.rotate_hours;
                                        const _errs71 = errors;
                                        if (!(typeof data30 == "number" && (!(data30 % 1) && !isNaN(data30)) && isFinite(data30))) {
                                          validate20.errors = [{ instancePath: instancePath + "/audit/rotate_hours", schemaPath: "#/properties/audit/properties/rotate_hours/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                          return false;
                                        }
                                        if (errors === _errs71) {
                                          if (typeof data30 == "number" && isFinite(data30)) {
                                            if (data30 > 8760 || isNaN(data30)) {
                                              validate20.errors = [{ instancePath: instancePath + "/audit/rotate_hours", schemaPath: "#/properties/audit/properties/rotate_hours/maximum", keyword: "maximum", params: { comparison: "<=", limit: 8760 }, message: "must be <= 8760" }];
                                              return false;
                                            } else {
                                              if (data30 < 1 || isNaN(data30)) {
                                                validate20.errors = [{ instancePath: instancePath + "/audit/rotate_hours", schemaPath: "#/properties/audit/properties/rotate_hours/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                return false;
                                              }
                                            }
                                          }
                                        }
                                        var valid11 = _errs71 === errors;
                                        if (valid11) {
                                          const _errs73 = errors;
                                          if (typeof data23.compress !== "boolean") {
                                            validate20.errors = [{ instancePath: instancePath + "/audit/compress", schemaPath: "#/properties/audit/properties/compress/type", keyword: "type", params: { type: "boolean" }, message: "must be boolean" }];
                                            return false;
                                          }
                                          var valid11 = _errs73 === errors;
                                          if (valid11) {
                                            let data32 = data23.retention;
                                            const _errs75 = errors;
                                            if (errors === _errs75) {
                                              if (data32 && typeof data32 == "object" && !Array.isArray(data32)) {
                                                if (data32.max_bytes === void 0) {
                                                  data32.max_bytes = 2147483648;
                                                }
                                                if (data32.max_days === void 0) {
                                                  data32.max_days = null;
                                                }
                                                if (data32.min_days === void 0) {
                                                  data32.min_days = 7;
                                                }
                                                const _errs77 = errors;
                                                for (const key9 in data32) {
                                                  if (!(key9 === "max_bytes" || key9 === "max_days" || key9 === "min_days")) {
                                                    validate20.errors = [{ instancePath: instancePath + "/audit/retention", schemaPath: "#/properties/audit/properties/retention/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key9 }, message: "must NOT have additional properties" }];
                                                    return false;
                                                    break;
                                                  }
                                                }
                                                if (_errs77 === errors) {
                                                  let data33 = data32.max_bytes;
                                                  const _errs78 = errors;
                                                  if (!(typeof data33 == "number" && (!(data33 % 1) && !isNaN(data33)) && isFinite(data33)) && data33 !== null) {
                                                    validate20.errors = [{ instancePath: instancePath + "/audit/retention/max_bytes", schemaPath: "#/properties/audit/properties/retention/properties/max_bytes/type", keyword: "type", params: { type: schema31.properties.audit.properties.retention.properties.max_bytes.type }, message: "must be integer,null" }];
                                                    return false;
                                                  }
                                                  if (errors === _errs78) {
                                                    if (typeof data33 == "number" && isFinite(data33)) {
                                                      if (data33 > 1125899906842624 || isNaN(data33)) {
                                                        validate20.errors = [{ instancePath: instancePath + "/audit/retention/max_bytes", schemaPath: "#/properties/audit/properties/retention/properties/max_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1125899906842624 }, message: "must be <= 1125899906842624" }];
                                                        return false;
                                                      } else {
                                                        if (data33 < 65536 || isNaN(data33)) {
                                                          validate20.errors = [{ instancePath: instancePath + "/audit/retention/max_bytes", schemaPath: "#/properties/audit/properties/retention/properties/max_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 65536 }, message: "must be >= 65536" }];
                                                          return false;
                                                        }
                                                      }
                                                    }
                                                  }
                                                  var valid13 = _errs78 === errors;
                                                  if (valid13) {
                                                    let data34 = data32.max_days;
                                                    const _errs80 = errors;
                                                    if (!(typeof data34 == "number" && (!(data34 % 1) && !isNaN(data34)) && isFinite(data34)) && data34 !== null) {
                                                      validate20.errors = [{ instancePath: instancePath + "/audit/retention/max_days", schemaPath: "#/properties/audit/properties/retention/properties/max_days/type", keyword: "type", params: { type: schema31.properties.audit.properties.retention.properties.max_days.type }, message: "must be integer,null" }];
                                                      return false;
                                                    }
                                                    if (errors === _errs80) {
                                                      if (typeof data34 == "number" && isFinite(data34)) {
                                                        if (data34 > 36500 || isNaN(data34)) {
                                                          validate20.errors = [{ instancePath: instancePath + "/audit/retention/max_days", schemaPath: "#/properties/audit/properties/retention/properties/max_days/maximum", keyword: "maximum", params: { comparison: "<=", limit: 36500 }, message: "must be <= 36500" }];
                                                          return false;
                                                        } else {
                                                          if (data34 < 1 || isNaN(data34)) {
                                                            validate20.errors = [{ instancePath: instancePath + "/audit/retention/max_days", schemaPath: "#/properties/audit/properties/retention/properties/max_days/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                            return false;
                                                          }
                                                        }
                                                      }
                                                    }
                                                    var valid13 = _errs80 === errors;
                                                    if (valid13) {
                                                      let data35 = data32.min_days;
                                                      const _errs82 = errors;
                                                      if (!(typeof data35 == "number" && (!(data35 % 1) && !isNaN(data35)) && isFinite(data35))) {
                                                        validate20.errors = [{ instancePath: instancePath + "/audit/retention/min_days", schemaPath: "#/properties/audit/properties/retention/properties/min_days/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                        return false;
                                                      }
                                                      if (errors === _errs82) {
                                                        if (typeof data35 == "number" && isFinite(data35)) {
                                                          if (data35 > 36500 || isNaN(data35)) {
                                                            validate20.errors = [{ instancePath: instancePath + "/audit/retention/min_days", schemaPath: "#/properties/audit/properties/retention/properties/min_days/maximum", keyword: "maximum", params: { comparison: "<=", limit: 36500 }, message: "must be <= 36500" }];
                                                            return false;
                                                          } else {
                                                            if (data35 < 0 || isNaN(data35)) {
                                                              validate20.errors = [{ instancePath: instancePath + "/audit/retention/min_days", schemaPath: "#/properties/audit/properties/retention/properties/min_days/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                                              return false;
                                                            }
                                                          }
                                                        }
                                                      }
                                                      var valid13 = _errs82 === errors;
                                                    }
                                                  }
                                                }
                                              } else {
                                                validate20.errors = [{ instancePath: instancePath + "/audit/retention", schemaPath: "#/properties/audit/properties/retention/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                                return false;
                                              }
                                            }
                                            var valid11 = _errs75 === errors;
                                            if (valid11) {
                                              let data36 = data23.low_water_bytes;
                                              const _errs84 = errors;
                                              if (!(typeof data36 == "number" && (!(data36 % 1) && !isNaN(data36)) && isFinite(data36))) {
                                                validate20.errors = [{ instancePath: instancePath + "/audit/low_water_bytes", schemaPath: "#/properties/audit/properties/low_water_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                return false;
                                              }
                                              if (errors === _errs84) {
                                                if (typeof data36 == "number" && isFinite(data36)) {
                                                  if (data36 > 1125899906842624 || isNaN(data36)) {
                                                    validate20.errors = [{ instancePath: instancePath + "/audit/low_water_bytes", schemaPath: "#/properties/audit/properties/low_water_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1125899906842624 }, message: "must be <= 1125899906842624" }];
                                                    return false;
                                                  } else {
                                                    if (data36 < 0 || isNaN(data36)) {
                                                      validate20.errors = [{ instancePath: instancePath + "/audit/low_water_bytes", schemaPath: "#/properties/audit/properties/low_water_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                                      return false;
                                                    }
                                                  }
                                                }
                                              }
                                              var valid11 = _errs84 === errors;
                                              if (valid11) {
                                                let data37 = data23.reserve_bytes;
                                                const _errs86 = errors;
                                                if (!(typeof data37 == "number" && (!(data37 % 1) && !isNaN(data37)) && isFinite(data37))) {
                                                  validate20.errors = [{ instancePath: instancePath + "/audit/reserve_bytes", schemaPath: "#/properties/audit/properties/reserve_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                  return false;
                                                }
                                                if (errors === _errs86) {
                                                  if (typeof data37 == "number" && isFinite(data37)) {
                                                    if (data37 > 1073741824 || isNaN(data37)) {
                                                      validate20.errors = [{ instancePath: instancePath + "/audit/reserve_bytes", schemaPath: "#/properties/audit/properties/reserve_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1073741824 }, message: "must be <= 1073741824" }];
                                                      return false;
                                                    } else {
                                                      if (data37 < 16384 || isNaN(data37)) {
                                                        validate20.errors = [{ instancePath: instancePath + "/audit/reserve_bytes", schemaPath: "#/properties/audit/properties/reserve_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 16384 }, message: "must be >= 16384" }];
                                                        return false;
                                                      }
                                                    }
                                                  }
                                                }
                                                var valid11 = _errs86 === errors;
                                                if (valid11) {
                                                  let data38 = data23.params_key_days;
                                                  const _errs88 = errors;
                                                  if (!(typeof data38 == "number" && (!(data38 % 1) && !isNaN(data38)) && isFinite(data38)) && data38 !== null) {
                                                    validate20.errors = [{ instancePath: instancePath + "/audit/params_key_days", schemaPath: "#/properties/audit/properties/params_key_days/type", keyword: "type", params: { type: schema31.properties.audit.properties.params_key_days.type }, message: "must be integer,null" }];
                                                    return false;
                                                  }
                                                  if (errors === _errs88) {
                                                    if (typeof data38 == "number" && isFinite(data38)) {
                                                      if (data38 > 3650 || isNaN(data38)) {
                                                        validate20.errors = [{ instancePath: instancePath + "/audit/params_key_days", schemaPath: "#/properties/audit/properties/params_key_days/maximum", keyword: "maximum", params: { comparison: "<=", limit: 3650 }, message: "must be <= 3650" }];
                                                        return false;
                                                      } else {
                                                        if (data38 < 1 || isNaN(data38)) {
                                                          validate20.errors = [{ instancePath: instancePath + "/audit/params_key_days", schemaPath: "#/properties/audit/properties/params_key_days/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                          return false;
                                                        }
                                                      }
                                                    }
                                                  }
                                                  var valid11 = _errs88 === errors;
                                                  if (valid11) {
                                                    let data39 = data23.watch_ms;
                                                    const _errs90 = errors;
                                                    if (!(typeof data39 == "number" && (!(data39 % 1) && !isNaN(data39)) && isFinite(data39))) {
                                                      validate20.errors = [{ instancePath: instancePath + "/audit/watch_ms", schemaPath: "#/properties/audit/properties/watch_ms/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                      return false;
                                                    }
                                                    if (errors === _errs90) {
                                                      if (typeof data39 == "number" && isFinite(data39)) {
                                                        if (data39 > 864e5 || isNaN(data39)) {
                                                          validate20.errors = [{ instancePath: instancePath + "/audit/watch_ms", schemaPath: "#/properties/audit/properties/watch_ms/maximum", keyword: "maximum", params: { comparison: "<=", limit: 864e5 }, message: "must be <= 86400000" }];
                                                          return false;
                                                        } else {
                                                          if (data39 < 1e3 || isNaN(data39)) {
                                                            validate20.errors = [{ instancePath: instancePath + "/audit/watch_ms", schemaPath: "#/properties/audit/properties/watch_ms/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1e3 }, message: "must be >= 1000" }];
                                                            return false;
                                                          }
                                                        }
                                                      }
                                                    }
                                                    var valid11 = _errs90 === errors;
                                                    if (valid11) {
                                                      let data40 = data23.repeated_denials;
                                                      const _errs92 = errors;
                                                      if (!(typeof data40 == "number" && (!(data40 % 1) && !isNaN(data40)) && isFinite(data40))) {
                                                        validate20.errors = [{ instancePath: instancePath + "/audit/repeated_denials", schemaPath: "#/properties/audit/properties/repeated_denials/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                        return false;
                                                      }
                                                      if (errors === _errs92) {
                                                        if (typeof data40 == "number" && isFinite(data40)) {
                                                          if (data40 > 1e6 || isNaN(data40)) {
                                                            validate20.errors = [{ instancePath: instancePath + "/audit/repeated_denials", schemaPath: "#/properties/audit/properties/repeated_denials/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1e6 }, message: "must be <= 1000000" }];
                                                            return false;
                                                          } else {
                                                            if (data40 < 2 || isNaN(data40)) {
                                                              validate20.errors = [{ instancePath: instancePath + "/audit/repeated_denials", schemaPath: "#/properties/audit/properties/repeated_denials/minimum", keyword: "minimum", params: { comparison: ">=", limit: 2 }, message: "must be >= 2" }];
                                                              return false;
                                                            }
                                                          }
                                                        }
                                                      }
                                                      var valid11 = _errs92 === errors;
                                                      if (valid11) {
                                                        let data41 = data23.repeated_denials_ms;
                                                        const _errs94 = errors;
                                                        if (!(typeof data41 == "number" && (!(data41 % 1) && !isNaN(data41)) && isFinite(data41))) {
                                                          validate20.errors = [{ instancePath: instancePath + "/audit/repeated_denials_ms", schemaPath: "#/properties/audit/properties/repeated_denials_ms/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                          return false;
                                                        }
                                                        if (errors === _errs94) {
                                                          if (typeof data41 == "number" && isFinite(data41)) {
                                                            if (data41 > 864e5 || isNaN(data41)) {
                                                              validate20.errors = [{ instancePath: instancePath + "/audit/repeated_denials_ms", schemaPath: "#/properties/audit/properties/repeated_denials_ms/maximum", keyword: "maximum", params: { comparison: "<=", limit: 864e5 }, message: "must be <= 86400000" }];
                                                              return false;
                                                            } else {
                                                              if (data41 < 1e3 || isNaN(data41)) {
                                                                validate20.errors = [{ instancePath: instancePath + "/audit/repeated_denials_ms", schemaPath: "#/properties/audit/properties/repeated_denials_ms/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1e3 }, message: "must be >= 1000" }];
                                                                return false;
                                                              }
                                                            }
                                                          }
                                                        }
                                                        var valid11 = _errs94 === errors;
                                                      }
                                                    }
                                                  }
                                                }
                                              }
                                            }
                                          }
                                        }
                                      }
                                    }
                                  }
                                }
                              }
                            } else {
                              validate20.errors = [{ instancePath: instancePath + "/audit", schemaPath: "#/properties/audit/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                              return false;
                            }
                          }
                          var valid0 = _errs55 === errors;
                          if (valid0) {
                            let data42 = data.log_level;
                            const _errs96 = errors;
                            if (typeof data42 !== "string") {
                              validate20.errors = [{ instancePath: instancePath + "/log_level", schemaPath: "#/properties/log_level/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                              return false;
                            }
                            if (!(data42 === "fatal" || data42 === "error" || data42 === "warn" || data42 === "info" || data42 === "debug")) {
                              validate20.errors = [{ instancePath: instancePath + "/log_level", schemaPath: "#/properties/log_level/enum", keyword: "enum", params: { allowedValues: schema31.properties.log_level.enum }, message: "must be equal to one of the allowed values" }];
                              return false;
                            }
                            var valid0 = _errs96 === errors;
                            if (valid0) {
                              let data43 = data.drain_ms;
                              const _errs98 = errors;
                              if (!(typeof data43 == "number" && (!(data43 % 1) && !isNaN(data43)) && isFinite(data43))) {
                                validate20.errors = [{ instancePath: instancePath + "/drain_ms", schemaPath: "#/properties/drain_ms/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                return false;
                              }
                              if (errors === _errs98) {
                                if (typeof data43 == "number" && isFinite(data43)) {
                                  if (data43 > 6e5 || isNaN(data43)) {
                                    validate20.errors = [{ instancePath: instancePath + "/drain_ms", schemaPath: "#/properties/drain_ms/maximum", keyword: "maximum", params: { comparison: "<=", limit: 6e5 }, message: "must be <= 600000" }];
                                    return false;
                                  } else {
                                    if (data43 < 0 || isNaN(data43)) {
                                      validate20.errors = [{ instancePath: instancePath + "/drain_ms", schemaPath: "#/properties/drain_ms/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                      return false;
                                    }
                                  }
                                }
                              }
                              var valid0 = _errs98 === errors;
                              if (valid0) {
                                let data44 = data.limits;
                                const _errs100 = errors;
                                if (errors === _errs100) {
                                  if (data44 && typeof data44 == "object" && !Array.isArray(data44)) {
                                    if (data44.message_bytes === void 0) {
                                      data44.message_bytes = 1048576;
                                    }
                                    if (data44.message_ms === void 0) {
                                      data44.message_ms = 3e4;
                                    }
                                    if (data44.nesting_depth === void 0) {
                                      data44.nesting_depth = 64;
                                    }
                                    if (data44.keys === void 0) {
                                      data44.keys = 1e4;
                                    }
                                    if (data44.batch_length === void 0) {
                                      data44.batch_length = 64;
                                    }
                                    if (data44.in_flight_per_connection === void 0) {
                                      data44.in_flight_per_connection = 64;
                                    }
                                    if (data44.in_flight_per_identity === void 0) {
                                      data44.in_flight_per_identity = 48;
                                    }
                                    if (data44.in_flight === void 0) {
                                      data44.in_flight = 256;
                                    }
                                    if (data44.in_flight_per_driver === void 0) {
                                      data44.in_flight_per_driver = 56;
                                    }
                                    if (data44.queued_per_identity === void 0) {
                                      data44.queued_per_identity = 64;
                                    }
                                    if (data44.queued_per_driver === void 0) {
                                      data44.queued_per_driver = 128;
                                    }
                                    if (data44.queued === void 0) {
                                      data44.queued = 512;
                                    }
                                    if (data44.queue_ms === void 0) {
                                      data44.queue_ms = 5e3;
                                    }
                                    if (data44.calls_per_minute === void 0) {
                                      data44.calls_per_minute = 6e3;
                                    }
                                    if (data44.destructive_calls_per_minute === void 0) {
                                      data44.destructive_calls_per_minute = 10;
                                    }
                                    if (data44.connections_per_identity === void 0) {
                                      data44.connections_per_identity = 128;
                                    }
                                    if (data44.connections_per_second === void 0) {
                                      data44.connections_per_second = 1e3;
                                    }
                                    if (data44.connections === void 0) {
                                      data44.connections = 4096;
                                    }
                                    if (data44.reply_buffer_bytes === void 0) {
                                      data44.reply_buffer_bytes = 4194304;
                                    }
                                    if (data44.stream_stall_ms === void 0) {
                                      data44.stream_stall_ms = 6e4;
                                    }
                                    if (data44.launches === void 0) {
                                      data44.launches = 64;
                                    }
                                    if (data44.launches_per_second === void 0) {
                                      data44.launches_per_second = 200;
                                    }
                                    if (data44.audit_records_per_second === void 0) {
                                      data44.audit_records_per_second = 2e4;
                                    }
                                    if (data44.audit_bytes_per_second === void 0) {
                                      data44.audit_bytes_per_second = 33554432;
                                    }
                                    if (data44.stderr_tail_bytes === void 0) {
                                      data44.stderr_tail_bytes = 4096;
                                    }
                                    if (data44.driver_log_ring_bytes === void 0) {
                                      data44.driver_log_ring_bytes = 1048576;
                                    }
                                    if (data44.driver_log_bytes_per_minute === void 0) {
                                      data44.driver_log_bytes_per_minute = 262144;
                                    }
                                    const _errs102 = errors;
                                    for (const key10 in data44) {
                                      if (!func1.call(schema31.properties.limits.properties, key10)) {
                                        validate20.errors = [{ instancePath: instancePath + "/limits", schemaPath: "#/properties/limits/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key10 }, message: "must NOT have additional properties" }];
                                        return false;
                                        break;
                                      }
                                    }
                                    if (_errs102 === errors) {
                                      let data45 = data44.message_bytes;
                                      const _errs103 = errors;
                                      if (!(typeof data45 == "number" && (!(data45 % 1) && !isNaN(data45)) && isFinite(data45))) {
                                        validate20.errors = [{ instancePath: instancePath + "/limits/message_bytes", schemaPath: "#/properties/limits/properties/message_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                        return false;
                                      }
                                      if (errors === _errs103) {
                                        if (typeof data45 == "number" && isFinite(data45)) {
                                          if (data45 > 16777216 || isNaN(data45)) {
                                            validate20.errors = [{ instancePath: instancePath + "/limits/message_bytes", schemaPath: "#/properties/limits/properties/message_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 16777216 }, message: "must be <= 16777216" }];
                                            return false;
                                          } else {
                                            if (data45 < 1024 || isNaN(data45)) {
                                              validate20.errors = [{ instancePath: instancePath + "/limits/message_bytes", schemaPath: "#/properties/limits/properties/message_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1024 }, message: "must be >= 1024" }];
                                              return false;
                                            }
                                          }
                                        }
                                      }
                                      var valid14 = _errs103 === errors;
                                      if (valid14) {
                                        let data46 = data44.message_ms;
                                        const _errs105 = errors;
                                        if (!(typeof data46 == "number" && (!(data46 % 1) && !isNaN(data46)) && isFinite(data46))) {
                                          validate20.errors = [{ instancePath: instancePath + "/limits/message_ms", schemaPath: "#/properties/limits/properties/message_ms/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                          return false;
                                        }
                                        if (errors === _errs105) {
                                          if (typeof data46 == "number" && isFinite(data46)) {
                                            if (data46 > 6e5 || isNaN(data46)) {
                                              validate20.errors = [{ instancePath: instancePath + "/limits/message_ms", schemaPath: "#/properties/limits/properties/message_ms/maximum", keyword: "maximum", params: { comparison: "<=", limit: 6e5 }, message: "must be <= 600000" }];
                                              return false;
                                            } else {
                                              if (data46 < 100 || isNaN(data46)) {
                                                validate20.errors = [{ instancePath: instancePath + "/limits/message_ms", schemaPath: "#/properties/limits/properties/message_ms/minimum", keyword: "minimum", params: { comparison: ">=", limit: 100 }, message: "must be >= 100" }];
                                                return false;
                                              }
                                            }
                                          }
                                        }
                                        var valid14 = _errs105 === errors;
                                        if (valid14) {
                                          let data47 = data44.nesting_depth;
                                          const _errs107 = errors;
                                          if (!(typeof data47 == "number" && (!(data47 % 1) && !isNaN(data47)) && isFinite(data47))) {
                                            validate20.errors = [{ instancePath: instancePath + "/limits/nesting_depth", schemaPath: "#/properties/limits/properties/nesting_depth/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                            return false;
                                          }
                                          if (errors === _errs107) {
                                            if (typeof data47 == "number" && isFinite(data47)) {
                                              if (data47 > 256 || isNaN(data47)) {
                                                validate20.errors = [{ instancePath: instancePath + "/limits/nesting_depth", schemaPath: "#/properties/limits/properties/nesting_depth/maximum", keyword: "maximum", params: { comparison: "<=", limit: 256 }, message: "must be <= 256" }];
                                                return false;
                                              } else {
                                                if (data47 < 4 || isNaN(data47)) {
                                                  validate20.errors = [{ instancePath: instancePath + "/limits/nesting_depth", schemaPath: "#/properties/limits/properties/nesting_depth/minimum", keyword: "minimum", params: { comparison: ">=", limit: 4 }, message: "must be >= 4" }];
                                                  return false;
                                                }
                                              }
                                            }
                                          }
                                          var valid14 = _errs107 === errors;
                                          if (valid14) {
                                            let data48 = data44.keys;
                                            const _errs109 = errors;
                                            if (!(typeof data48 == "number" && (!(data48 % 1) && !isNaN(data48)) && isFinite(data48))) {
                                              validate20.errors = [{ instancePath: instancePath + "/limits/keys", schemaPath: "#/properties/limits/properties/keys/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                              return false;
                                            }
                                            if (errors === _errs109) {
                                              if (typeof data48 == "number" && isFinite(data48)) {
                                                if (data48 > 1e6 || isNaN(data48)) {
                                                  validate20.errors = [{ instancePath: instancePath + "/limits/keys", schemaPath: "#/properties/limits/properties/keys/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1e6 }, message: "must be <= 1000000" }];
                                                  return false;
                                                } else {
                                                  if (data48 < 16 || isNaN(data48)) {
                                                    validate20.errors = [{ instancePath: instancePath + "/limits/keys", schemaPath: "#/properties/limits/properties/keys/minimum", keyword: "minimum", params: { comparison: ">=", limit: 16 }, message: "must be >= 16" }];
                                                    return false;
                                                  }
                                                }
                                              }
                                            }
                                            var valid14 = _errs109 === errors;
                                            if (valid14) {
                                              let data49 = data44.batch_length;
                                              const _errs111 = errors;
                                              if (!(typeof data49 == "number" && (!(data49 % 1) && !isNaN(data49)) && isFinite(data49))) {
                                                validate20.errors = [{ instancePath: instancePath + "/limits/batch_length", schemaPath: "#/properties/limits/properties/batch_length/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                return false;
                                              }
                                              if (errors === _errs111) {
                                                if (typeof data49 == "number" && isFinite(data49)) {
                                                  if (data49 > 1024 || isNaN(data49)) {
                                                    validate20.errors = [{ instancePath: instancePath + "/limits/batch_length", schemaPath: "#/properties/limits/properties/batch_length/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1024 }, message: "must be <= 1024" }];
                                                    return false;
                                                  } else {
                                                    if (data49 < 1 || isNaN(data49)) {
                                                      validate20.errors = [{ instancePath: instancePath + "/limits/batch_length", schemaPath: "#/properties/limits/properties/batch_length/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                      return false;
                                                    }
                                                  }
                                                }
                                              }
                                              var valid14 = _errs111 === errors;
                                              if (valid14) {
                                                let data50 = data44.in_flight_per_connection;
                                                const _errs113 = errors;
                                                if (!(typeof data50 == "number" && (!(data50 % 1) && !isNaN(data50)) && isFinite(data50))) {
                                                  validate20.errors = [{ instancePath: instancePath + "/limits/in_flight_per_connection", schemaPath: "#/properties/limits/properties/in_flight_per_connection/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                  return false;
                                                }
                                                if (errors === _errs113) {
                                                  if (typeof data50 == "number" && isFinite(data50)) {
                                                    if (data50 > 4096 || isNaN(data50)) {
                                                      validate20.errors = [{ instancePath: instancePath + "/limits/in_flight_per_connection", schemaPath: "#/properties/limits/properties/in_flight_per_connection/maximum", keyword: "maximum", params: { comparison: "<=", limit: 4096 }, message: "must be <= 4096" }];
                                                      return false;
                                                    } else {
                                                      if (data50 < 1 || isNaN(data50)) {
                                                        validate20.errors = [{ instancePath: instancePath + "/limits/in_flight_per_connection", schemaPath: "#/properties/limits/properties/in_flight_per_connection/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                        return false;
                                                      }
                                                    }
                                                  }
                                                }
                                                var valid14 = _errs113 === errors;
                                                if (valid14) {
                                                  let data51 = data44.in_flight_per_identity;
                                                  const _errs115 = errors;
                                                  if (!(typeof data51 == "number" && (!(data51 % 1) && !isNaN(data51)) && isFinite(data51))) {
                                                    validate20.errors = [{ instancePath: instancePath + "/limits/in_flight_per_identity", schemaPath: "#/properties/limits/properties/in_flight_per_identity/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                    return false;
                                                  }
                                                  if (errors === _errs115) {
                                                    if (typeof data51 == "number" && isFinite(data51)) {
                                                      if (data51 > 16384 || isNaN(data51)) {
                                                        validate20.errors = [{ instancePath: instancePath + "/limits/in_flight_per_identity", schemaPath: "#/properties/limits/properties/in_flight_per_identity/maximum", keyword: "maximum", params: { comparison: "<=", limit: 16384 }, message: "must be <= 16384" }];
                                                        return false;
                                                      } else {
                                                        if (data51 < 1 || isNaN(data51)) {
                                                          validate20.errors = [{ instancePath: instancePath + "/limits/in_flight_per_identity", schemaPath: "#/properties/limits/properties/in_flight_per_identity/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                          return false;
                                                        }
                                                      }
                                                    }
                                                  }
                                                  var valid14 = _errs115 === errors;
                                                  if (valid14) {
                                                    let data52 = data44.in_flight;
                                                    const _errs117 = errors;
                                                    if (!(typeof data52 == "number" && (!(data52 % 1) && !isNaN(data52)) && isFinite(data52))) {
                                                      validate20.errors = [{ instancePath: instancePath + "/limits/in_flight", schemaPath: "#/properties/limits/properties/in_flight/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                      return false;
                                                    }
                                                    if (errors === _errs117) {
                                                      if (typeof data52 == "number" && isFinite(data52)) {
                                                        if (data52 > 16384 || isNaN(data52)) {
                                                          validate20.errors = [{ instancePath: instancePath + "/limits/in_flight", schemaPath: "#/properties/limits/properties/in_flight/maximum", keyword: "maximum", params: { comparison: "<=", limit: 16384 }, message: "must be <= 16384" }];
                                                          return false;
                                                        } else {
                                                          if (data52 < 1 || isNaN(data52)) {
                                                            validate20.errors = [{ instancePath: instancePath + "/limits/in_flight", schemaPath: "#/properties/limits/properties/in_flight/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                            return false;
                                                          }
                                                        }
                                                      }
                                                    }
                                                    var valid14 = _errs117 === errors;
                                                    if (valid14) {
                                                      let data53 = data44.in_flight_per_driver;
                                                      const _errs119 = errors;
                                                      if (!(typeof data53 == "number" && (!(data53 % 1) && !isNaN(data53)) && isFinite(data53))) {
                                                        validate20.errors = [{ instancePath: instancePath + "/limits/in_flight_per_driver", schemaPath: "#/properties/limits/properties/in_flight_per_driver/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                        return false;
                                                      }
                                                      if (errors === _errs119) {
                                                        if (typeof data53 == "number" && isFinite(data53)) {
                                                          if (data53 > 16384 || isNaN(data53)) {
                                                            validate20.errors = [{ instancePath: instancePath + "/limits/in_flight_per_driver", schemaPath: "#/properties/limits/properties/in_flight_per_driver/maximum", keyword: "maximum", params: { comparison: "<=", limit: 16384 }, message: "must be <= 16384" }];
                                                            return false;
                                                          } else {
                                                            if (data53 < 1 || isNaN(data53)) {
                                                              validate20.errors = [{ instancePath: instancePath + "/limits/in_flight_per_driver", schemaPath: "#/properties/limits/properties/in_flight_per_driver/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                              return false;
                                                            }
                                                          }
                                                        }
                                                      }
                                                      var valid14 = _errs119 === errors;
                                                      if (valid14) {
                                                        let data54 = data44.queued_per_identity;
                                                        const _errs121 = errors;
                                                        if (!(typeof data54 == "number" && (!(data54 % 1) && !isNaN(data54)) && isFinite(data54))) {
                                                          validate20.errors = [{ instancePath: instancePath + "/limits/queued_per_identity", schemaPath: "#/properties/limits/properties/queued_per_identity/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                          return false;
                                                        }
                                                        if (errors === _errs121) {
                                                          if (typeof data54 == "number" && isFinite(data54)) {
                                                            if (data54 > 16384 || isNaN(data54)) {
                                                              validate20.errors = [{ instancePath: instancePath + "/limits/queued_per_identity", schemaPath: "#/properties/limits/properties/queued_per_identity/maximum", keyword: "maximum", params: { comparison: "<=", limit: 16384 }, message: "must be <= 16384" }];
                                                              return false;
                                                            } else {
                                                              if (data54 < 0 || isNaN(data54)) {
                                                                validate20.errors = [{ instancePath: instancePath + "/limits/queued_per_identity", schemaPath: "#/properties/limits/properties/queued_per_identity/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                                                return false;
                                                              }
                                                            }
                                                          }
                                                        }
                                                        var valid14 = _errs121 === errors;
                                                        if (valid14) {
                                                          let data55 = data44.queued_per_driver;
                                                          const _errs123 = errors;
                                                          if (!(typeof data55 == "number" && (!(data55 % 1) && !isNaN(data55)) && isFinite(data55))) {
                                                            validate20.errors = [{ instancePath: instancePath + "/limits/queued_per_driver", schemaPath: "#/properties/limits/properties/queued_per_driver/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                            return false;
                                                          }
                                                          if (errors === _errs123) {
                                                            if (typeof data55 == "number" && isFinite(data55)) {
                                                              if (data55 > 16384 || isNaN(data55)) {
                                                                validate20.errors = [{ instancePath: instancePath + "/limits/queued_per_driver", schemaPath: "#/properties/limits/properties/queued_per_driver/maximum", keyword: "maximum", params: { comparison: "<=", limit: 16384 }, message: "must be <= 16384" }];
                                                                return false;
                                                              } else {
                                                                if (data55 < 0 || isNaN(data55)) {
                                                                  validate20.errors = [{ instancePath: instancePath + "/limits/queued_per_driver", schemaPath: "#/properties/limits/properties/queued_per_driver/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                                                  return false;
                                                                }
                                                              }
                                                            }
                                                          }
                                                          var valid14 = _errs123 === errors;
                                                          if (valid14) {
                                                            let data56 = data44.queued;
                                                            const _errs125 = errors;
                                                            if (!(typeof data56 == "number" && (!(data56 % 1) && !isNaN(data56)) && isFinite(data56))) {
                                                              validate20.errors = [{ instancePath: instancePath + "/limits/queued", schemaPath: "#/properties/limits/properties/queued/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                              return false;
                                                            }
                                                            if (errors === _errs125) {
                                                              if (typeof data56 == "number" && isFinite(data56)) {
                                                                if (data56 > 16384 || isNaN(data56)) {
                                                                  validate20.errors = [{ instancePath: instancePath + "/limits/queued", schemaPath: "#/properties/limits/properties/queued/maximum", keyword: "maximum", params: { comparison: "<=", limit: 16384 }, message: "must be <= 16384" }];
                                                                  return false;
                                                                } else {
                                                                  if (data56 < 0 || isNaN(data56)) {
                                                                    validate20.errors = [{ instancePath: instancePath + "/limits/queued", schemaPath: "#/properties/limits/properties/queued/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                                                    return false;
                                                                  }
                                                                }
                                                              }
                                                            }
                                                            var valid14 = _errs125 === errors;
                                                            if (valid14) {
                                                              let data57 = data44.queue_ms;
                                                              const _errs127 = errors;
                                                              if (!(typeof data57 == "number" && (!(data57 % 1) && !isNaN(data57)) && isFinite(data57))) {
                                                                validate20.errors = [{ instancePath: instancePath + "/limits/queue_ms", schemaPath: "#/properties/limits/properties/queue_ms/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                return false;
                                                              }
                                                              if (errors === _errs127) {
                                                                if (typeof data57 == "number" && isFinite(data57)) {
                                                                  if (data57 > 6e5 || isNaN(data57)) {
                                                                    validate20.errors = [{ instancePath: instancePath + "/limits/queue_ms", schemaPath: "#/properties/limits/properties/queue_ms/maximum", keyword: "maximum", params: { comparison: "<=", limit: 6e5 }, message: "must be <= 600000" }];
                                                                    return false;
                                                                  } else {
                                                                    if (data57 < 0 || isNaN(data57)) {
                                                                      validate20.errors = [{ instancePath: instancePath + "/limits/queue_ms", schemaPath: "#/properties/limits/properties/queue_ms/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                                                      return false;
                                                                    }
                                                                  }
                                                                }
                                                              }
                                                              var valid14 = _errs127 === errors;
                                                              if (valid14) {
                                                                let data58 = data44.calls_per_minute;
                                                                const _errs129 = errors;
                                                                if (!(typeof data58 == "number" && (!(data58 % 1) && !isNaN(data58)) && isFinite(data58))) {
                                                                  validate20.errors = [{ instancePath: instancePath + "/limits/calls_per_minute", schemaPath: "#/properties/limits/properties/calls_per_minute/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                  return false;
                                                                }
                                                                if (errors === _errs129) {
                                                                  if (typeof data58 == "number" && isFinite(data58)) {
                                                                    if (data58 > 1e7 || isNaN(data58)) {
                                                                      validate20.errors = [{ instancePath: instancePath + "/limits/calls_per_minute", schemaPath: "#/properties/limits/properties/calls_per_minute/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1e7 }, message: "must be <= 10000000" }];
                                                                      return false;
                                                                    } else {
                                                                      if (data58 < 1 || isNaN(data58)) {
                                                                        validate20.errors = [{ instancePath: instancePath + "/limits/calls_per_minute", schemaPath: "#/properties/limits/properties/calls_per_minute/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                                        return false;
                                                                      }
                                                                    }
                                                                  }
                                                                }
                                                                var valid14 = _errs129 === errors;
                                                                if (valid14) {
                                                                  let data59 = data44.destructive_calls_per_minute;
                                                                  const _errs131 = errors;
                                                                  if (!(typeof data59 == "number" && (!(data59 % 1) && !isNaN(data59)) && isFinite(data59))) {
                                                                    validate20.errors = [{ instancePath: instancePath + "/limits/destructive_calls_per_minute", schemaPath: "#/properties/limits/properties/destructive_calls_per_minute/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                    return false;
                                                                  }
                                                                  if (errors === _errs131) {
                                                                    if (typeof data59 == "number" && isFinite(data59)) {
                                                                      if (data59 > 1e7 || isNaN(data59)) {
                                                                        validate20.errors = [{ instancePath: instancePath + "/limits/destructive_calls_per_minute", schemaPath: "#/properties/limits/properties/destructive_calls_per_minute/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1e7 }, message: "must be <= 10000000" }];
                                                                        return false;
                                                                      } else {
                                                                        if (data59 < 1 || isNaN(data59)) {
                                                                          validate20.errors = [{ instancePath: instancePath + "/limits/destructive_calls_per_minute", schemaPath: "#/properties/limits/properties/destructive_calls_per_minute/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                                          return false;
                                                                        }
                                                                      }
                                                                    }
                                                                  }
                                                                  var valid14 = _errs131 === errors;
                                                                  if (valid14) {
                                                                    let data60 = data44.connections_per_identity;
                                                                    const _errs133 = errors;
                                                                    if (!(typeof data60 == "number" && (!(data60 % 1) && !isNaN(data60)) && isFinite(data60))) {
                                                                      validate20.errors = [{ instancePath: instancePath + "/limits/connections_per_identity", schemaPath: "#/properties/limits/properties/connections_per_identity/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                      return false;
                                                                    }
                                                                    if (errors === _errs133) {
                                                                      if (typeof data60 == "number" && isFinite(data60)) {
                                                                        if (data60 > 65536 || isNaN(data60)) {
                                                                          validate20.errors = [{ instancePath: instancePath + "/limits/connections_per_identity", schemaPath: "#/properties/limits/properties/connections_per_identity/maximum", keyword: "maximum", params: { comparison: "<=", limit: 65536 }, message: "must be <= 65536" }];
                                                                          return false;
                                                                        } else {
                                                                          if (data60 < 1 || isNaN(data60)) {
                                                                            validate20.errors = [{ instancePath: instancePath + "/limits/connections_per_identity", schemaPath: "#/properties/limits/properties/connections_per_identity/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                                            return false;
                                                                          }
                                                                        }
                                                                      }
                                                                    }
                                                                    var valid14 = _errs133 === errors;
                                                                    if (valid14) {
                                                                      let data61 = data44.connections_per_second;
                                                                      const _errs135 = errors;
                                                                      if (!(typeof data61 == "number" && (!(data61 % 1) && !isNaN(data61)) && isFinite(data61))) {
                                                                        validate20.errors = [{ instancePath: instancePath + "/limits/connections_per_second", schemaPath: "#/properties/limits/properties/connections_per_second/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                        return false;
                                                                      }
                                                                      if (errors === _errs135) {
                                                                        if (typeof data61 == "number" && isFinite(data61)) {
                                                                          if (data61 > 1e5 || isNaN(data61)) {
                                                                            validate20.errors = [{ instancePath: instancePath + "/limits/connections_per_second", schemaPath: "#/properties/limits/properties/connections_per_second/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1e5 }, message: "must be <= 100000" }];
                                                                            return false;
                                                                          } else {
                                                                            if (data61 < 1 || isNaN(data61)) {
                                                                              validate20.errors = [{ instancePath: instancePath + "/limits/connections_per_second", schemaPath: "#/properties/limits/properties/connections_per_second/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                                              return false;
                                                                            }
                                                                          }
                                                                        }
                                                                      }
                                                                      var valid14 = _errs135 === errors;
                                                                      if (valid14) {
                                                                        let data62 = data44.connections;
                                                                        const _errs137 = errors;
                                                                        if (!(typeof data62 == "number" && (!(data62 % 1) && !isNaN(data62)) && isFinite(data62))) {
                                                                          validate20.errors = [{ instancePath: instancePath + "/limits/connections", schemaPath: "#/properties/limits/properties/connections/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                          return false;
                                                                        }
                                                                        if (errors === _errs137) {
                                                                          if (typeof data62 == "number" && isFinite(data62)) {
                                                                            if (data62 > 65536 || isNaN(data62)) {
                                                                              validate20.errors = [{ instancePath: instancePath + "/limits/connections", schemaPath: "#/properties/limits/properties/connections/maximum", keyword: "maximum", params: { comparison: "<=", limit: 65536 }, message: "must be <= 65536" }];
                                                                              return false;
                                                                            } else {
                                                                              if (data62 < 1 || isNaN(data62)) {
                                                                                validate20.errors = [{ instancePath: instancePath + "/limits/connections", schemaPath: "#/properties/limits/properties/connections/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                                                return false;
                                                                              }
                                                                            }
                                                                          }
                                                                        }
                                                                        var valid14 = _errs137 === errors;
                                                                        if (valid14) {
                                                                          let data63 = data44.reply_buffer_bytes;
                                                                          const _errs139 = errors;
                                                                          if (!(typeof data63 == "number" && (!(data63 % 1) && !isNaN(data63)) && isFinite(data63))) {
                                                                            validate20.errors = [{ instancePath: instancePath + "/limits/reply_buffer_bytes", schemaPath: "#/properties/limits/properties/reply_buffer_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                            return false;
                                                                          }
                                                                          if (errors === _errs139) {
                                                                            if (typeof data63 == "number" && isFinite(data63)) {
                                                                              if (data63 > 268435456 || isNaN(data63)) {
                                                                                validate20.errors = [{ instancePath: instancePath + "/limits/reply_buffer_bytes", schemaPath: "#/properties/limits/properties/reply_buffer_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 268435456 }, message: "must be <= 268435456" }];
                                                                                return false;
                                                                              } else {
                                                                                if (data63 < 65536 || isNaN(data63)) {
                                                                                  validate20.errors = [{ instancePath: instancePath + "/limits/reply_buffer_bytes", schemaPath: "#/properties/limits/properties/reply_buffer_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 65536 }, message: "must be >= 65536" }];
                                                                                  return false;
                                                                                }
                                                                              }
                                                                            }
                                                                          }
                                                                          var valid14 = _errs139 === errors;
                                                                          if (valid14) {
                                                                            let data64 = data44.stream_stall_ms;
                                                                            const _errs141 = errors;
                                                                            if (!(typeof data64 == "number" && (!(data64 % 1) && !isNaN(data64)) && isFinite(data64))) {
                                                                              validate20.errors = [{ instancePath: instancePath + "/limits/stream_stall_ms", schemaPath: "#/properties/limits/properties/stream_stall_ms/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                              return false;
                                                                            }
                                                                            if (errors === _errs141) {
                                                                              if (typeof data64 == "number" && isFinite(data64)) {
                                                                                if (data64 > 864e5 || isNaN(data64)) {
                                                                                  validate20.errors = [{ instancePath: instancePath + "/limits/stream_stall_ms", schemaPath: "#/properties/limits/properties/stream_stall_ms/maximum", keyword: "maximum", params: { comparison: "<=", limit: 864e5 }, message: "must be <= 86400000" }];
                                                                                  return false;
                                                                                } else {
                                                                                  if (data64 < 100 || isNaN(data64)) {
                                                                                    validate20.errors = [{ instancePath: instancePath + "/limits/stream_stall_ms", schemaPath: "#/properties/limits/properties/stream_stall_ms/minimum", keyword: "minimum", params: { comparison: ">=", limit: 100 }, message: "must be >= 100" }];
                                                                                    return false;
                                                                                  }
                                                                                }
                                                                              }
                                                                            }
                                                                            var valid14 = _errs141 === errors;
                                                                            if (valid14) {
                                                                              let data65 = data44.launches;
                                                                              const _errs143 = errors;
                                                                              if (!(typeof data65 == "number" && (!(data65 % 1) && !isNaN(data65)) && isFinite(data65))) {
                                                                                validate20.errors = [{ instancePath: instancePath + "/limits/launches", schemaPath: "#/properties/limits/properties/launches/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                return false;
                                                                              }
                                                                              if (errors === _errs143) {
                                                                                if (typeof data65 == "number" && isFinite(data65)) {
                                                                                  if (data65 > 4096 || isNaN(data65)) {
                                                                                    validate20.errors = [{ instancePath: instancePath + "/limits/launches", schemaPath: "#/properties/limits/properties/launches/maximum", keyword: "maximum", params: { comparison: "<=", limit: 4096 }, message: "must be <= 4096" }];
                                                                                    return false;
                                                                                  } else {
                                                                                    if (data65 < 1 || isNaN(data65)) {
                                                                                      validate20.errors = [{ instancePath: instancePath + "/limits/launches", schemaPath: "#/properties/limits/properties/launches/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                                                      return false;
                                                                                    }
                                                                                  }
                                                                                }
                                                                              }
                                                                              var valid14 = _errs143 === errors;
                                                                              if (valid14) {
                                                                                let data66 = data44.launches_per_second;
                                                                                const _errs145 = errors;
                                                                                if (!(typeof data66 == "number" && (!(data66 % 1) && !isNaN(data66)) && isFinite(data66))) {
                                                                                  validate20.errors = [{ instancePath: instancePath + "/limits/launches_per_second", schemaPath: "#/properties/limits/properties/launches_per_second/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                  return false;
                                                                                }
                                                                                if (errors === _errs145) {
                                                                                  if (typeof data66 == "number" && isFinite(data66)) {
                                                                                    if (data66 > 1e4 || isNaN(data66)) {
                                                                                      validate20.errors = [{ instancePath: instancePath + "/limits/launches_per_second", schemaPath: "#/properties/limits/properties/launches_per_second/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1e4 }, message: "must be <= 10000" }];
                                                                                      return false;
                                                                                    } else {
                                                                                      if (data66 < 1 || isNaN(data66)) {
                                                                                        validate20.errors = [{ instancePath: instancePath + "/limits/launches_per_second", schemaPath: "#/properties/limits/properties/launches_per_second/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                                                        return false;
                                                                                      }
                                                                                    }
                                                                                  }
                                                                                }
                                                                                var valid14 = _errs145 === errors;
                                                                                if (valid14) {
                                                                                  let data67 = data44.audit_records_per_second;
                                                                                  const _errs147 = errors;
                                                                                  if (!(typeof data67 == "number" && (!(data67 % 1) && !isNaN(data67)) && isFinite(data67))) {
                                                                                    validate20.errors = [{ instancePath: instancePath + "/limits/audit_records_per_second", schemaPath: "#/properties/limits/properties/audit_records_per_second/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                    return false;
                                                                                  }
                                                                                  if (errors === _errs147) {
                                                                                    if (typeof data67 == "number" && isFinite(data67)) {
                                                                                      if (data67 > 1e6 || isNaN(data67)) {
                                                                                        validate20.errors = [{ instancePath: instancePath + "/limits/audit_records_per_second", schemaPath: "#/properties/limits/properties/audit_records_per_second/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1e6 }, message: "must be <= 1000000" }];
                                                                                        return false;
                                                                                      } else {
                                                                                        if (data67 < 100 || isNaN(data67)) {
                                                                                          validate20.errors = [{ instancePath: instancePath + "/limits/audit_records_per_second", schemaPath: "#/properties/limits/properties/audit_records_per_second/minimum", keyword: "minimum", params: { comparison: ">=", limit: 100 }, message: "must be >= 100" }];
                                                                                          return false;
                                                                                        }
                                                                                      }
                                                                                    }
                                                                                  }
                                                                                  var valid14 = _errs147 === errors;
                                                                                  if (valid14) {
                                                                                    let data68 = data44.audit_bytes_per_second;
                                                                                    const _errs149 = errors;
                                                                                    if (!(typeof data68 == "number" && (!(data68 % 1) && !isNaN(data68)) && isFinite(data68))) {
                                                                                      validate20.errors = [{ instancePath: instancePath + "/limits/audit_bytes_per_second", schemaPath: "#/properties/limits/properties/audit_bytes_per_second/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                      return false;
                                                                                    }
                                                                                    if (errors === _errs149) {
                                                                                      if (typeof data68 == "number" && isFinite(data68)) {
                                                                                        if (data68 > 1073741824 || isNaN(data68)) {
                                                                                          validate20.errors = [{ instancePath: instancePath + "/limits/audit_bytes_per_second", schemaPath: "#/properties/limits/properties/audit_bytes_per_second/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1073741824 }, message: "must be <= 1073741824" }];
                                                                                          return false;
                                                                                        } else {
                                                                                          if (data68 < 65536 || isNaN(data68)) {
                                                                                            validate20.errors = [{ instancePath: instancePath + "/limits/audit_bytes_per_second", schemaPath: "#/properties/limits/properties/audit_bytes_per_second/minimum", keyword: "minimum", params: { comparison: ">=", limit: 65536 }, message: "must be >= 65536" }];
                                                                                            return false;
                                                                                          }
                                                                                        }
                                                                                      }
                                                                                    }
                                                                                    var valid14 = _errs149 === errors;
                                                                                    if (valid14) {
                                                                                      let data69 = data44.stderr_tail_bytes;
                                                                                      const _errs151 = errors;
                                                                                      if (!(typeof data69 == "number" && (!(data69 % 1) && !isNaN(data69)) && isFinite(data69))) {
                                                                                        validate20.errors = [{ instancePath: instancePath + "/limits/stderr_tail_bytes", schemaPath: "#/properties/limits/properties/stderr_tail_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                        return false;
                                                                                      }
                                                                                      if (errors === _errs151) {
                                                                                        if (typeof data69 == "number" && isFinite(data69)) {
                                                                                          if (data69 > 65536 || isNaN(data69)) {
                                                                                            validate20.errors = [{ instancePath: instancePath + "/limits/stderr_tail_bytes", schemaPath: "#/properties/limits/properties/stderr_tail_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 65536 }, message: "must be <= 65536" }];
                                                                                            return false;
                                                                                          } else {
                                                                                            if (data69 < 0 || isNaN(data69)) {
                                                                                              validate20.errors = [{ instancePath: instancePath + "/limits/stderr_tail_bytes", schemaPath: "#/properties/limits/properties/stderr_tail_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                                                                              return false;
                                                                                            }
                                                                                          }
                                                                                        }
                                                                                      }
                                                                                      var valid14 = _errs151 === errors;
                                                                                      if (valid14) {
                                                                                        let data70 = data44.driver_log_ring_bytes;
                                                                                        const _errs153 = errors;
                                                                                        if (!(typeof data70 == "number" && (!(data70 % 1) && !isNaN(data70)) && isFinite(data70))) {
                                                                                          validate20.errors = [{ instancePath: instancePath + "/limits/driver_log_ring_bytes", schemaPath: "#/properties/limits/properties/driver_log_ring_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                          return false;
                                                                                        }
                                                                                        if (errors === _errs153) {
                                                                                          if (typeof data70 == "number" && isFinite(data70)) {
                                                                                            if (data70 > 16777216 || isNaN(data70)) {
                                                                                              validate20.errors = [{ instancePath: instancePath + "/limits/driver_log_ring_bytes", schemaPath: "#/properties/limits/properties/driver_log_ring_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 16777216 }, message: "must be <= 16777216" }];
                                                                                              return false;
                                                                                            } else {
                                                                                              if (data70 < 65536 || isNaN(data70)) {
                                                                                                validate20.errors = [{ instancePath: instancePath + "/limits/driver_log_ring_bytes", schemaPath: "#/properties/limits/properties/driver_log_ring_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 65536 }, message: "must be >= 65536" }];
                                                                                                return false;
                                                                                              }
                                                                                            }
                                                                                          }
                                                                                        }
                                                                                        var valid14 = _errs153 === errors;
                                                                                        if (valid14) {
                                                                                          let data71 = data44.driver_log_bytes_per_minute;
                                                                                          const _errs155 = errors;
                                                                                          if (!(typeof data71 == "number" && (!(data71 % 1) && !isNaN(data71)) && isFinite(data71))) {
                                                                                            validate20.errors = [{ instancePath: instancePath + "/limits/driver_log_bytes_per_minute", schemaPath: "#/properties/limits/properties/driver_log_bytes_per_minute/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                            return false;
                                                                                          }
                                                                                          if (errors === _errs155) {
                                                                                            if (typeof data71 == "number" && isFinite(data71)) {
                                                                                              if (data71 > 67108864 || isNaN(data71)) {
                                                                                                validate20.errors = [{ instancePath: instancePath + "/limits/driver_log_bytes_per_minute", schemaPath: "#/properties/limits/properties/driver_log_bytes_per_minute/maximum", keyword: "maximum", params: { comparison: "<=", limit: 67108864 }, message: "must be <= 67108864" }];
                                                                                                return false;
                                                                                              } else {
                                                                                                if (data71 < 0 || isNaN(data71)) {
                                                                                                  validate20.errors = [{ instancePath: instancePath + "/limits/driver_log_bytes_per_minute", schemaPath: "#/properties/limits/properties/driver_log_bytes_per_minute/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                                                                                  return false;
                                                                                                }
                                                                                              }
                                                                                            }
                                                                                          }
                                                                                          var valid14 = _errs155 === errors;
                                                                                        }
                                                                                      }
                                                                                    }
                                                                                  }
                                                                                }
                                                                              }
                                                                            }
                                                                          }
                                                                        }
                                                                      }
                                                                    }
                                                                  }
                                                                }
                                                              }
                                                            }
                                                          }
                                                        }
                                                      }
                                                    }
                                                  }
                                                }
                                              }
                                            }
                                          }
                                        }
                                      }
                                    }
                                  } else {
                                    validate20.errors = [{ instancePath: instancePath + "/limits", schemaPath: "#/properties/limits/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                    return false;
                                  }
                                }
                                var valid0 = _errs100 === errors;
                                if (valid0) {
                                  let data72 = data.limit_overrides;
                                  const _errs157 = errors;
                                  if (errors === _errs157) {
                                    if (Array.isArray(data72)) {
                                      if (data72.length > 64) {
                                        validate20.errors = [{ instancePath: instancePath + "/limit_overrides", schemaPath: "#/properties/limit_overrides/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                                        return false;
                                      } else {
                                        var valid15 = true;
                                        const len4 = data72.length;
                                        for (let i4 = 0; i4 < len4; i4++) {
                                          let data73 = data72[i4];
                                          const _errs159 = errors;
                                          if (errors === _errs159) {
                                            if (data73 && typeof data73 == "object" && !Array.isArray(data73)) {
                                              let missing2;
                                              if (data73.limits === void 0 && (missing2 = "limits")) {
                                                validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4, schemaPath: "#/properties/limit_overrides/items/required", keyword: "required", params: { missingProperty: missing2 }, message: "must have required property '" + missing2 + "'" }];
                                                return false;
                                              } else {
                                                const _errs161 = errors;
                                                for (const key11 in data73) {
                                                  if (!(key11 === "roles" || key11 === "drivers" || key11 === "methods" || key11 === "limits")) {
                                                    validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4, schemaPath: "#/properties/limit_overrides/items/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key11 }, message: "must NOT have additional properties" }];
                                                    return false;
                                                    break;
                                                  }
                                                }
                                                if (_errs161 === errors) {
                                                  if (data73.roles !== void 0) {
                                                    let data74 = data73.roles;
                                                    const _errs162 = errors;
                                                    if (errors === _errs162) {
                                                      if (Array.isArray(data74)) {
                                                        if (data74.length > 64) {
                                                          validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/roles", schemaPath: "#/properties/limit_overrides/items/properties/roles/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                                                          return false;
                                                        } else {
                                                          if (data74.length < 1) {
                                                            validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/roles", schemaPath: "#/properties/limit_overrides/items/properties/roles/minItems", keyword: "minItems", params: { limit: 1 }, message: "must NOT have fewer than 1 items" }];
                                                            return false;
                                                          } else {
                                                            var valid17 = true;
                                                            const len5 = data74.length;
                                                            for (let i5 = 0; i5 < len5; i5++) {
                                                              let data75 = data74[i5];
                                                              const _errs164 = errors;
                                                              if (errors === _errs164) {
                                                                if (typeof data75 === "string") {
                                                                  if (!pattern7.test(data75)) {
                                                                    validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/roles/" + i5, schemaPath: "#/properties/limit_overrides/items/properties/roles/items/pattern", keyword: "pattern", params: { pattern: "^[a-z][a-z0-9_-]{0,31}$" }, message: 'must match pattern "^[a-z][a-z0-9_-]{0,31}$"' }];
                                                                    return false;
                                                                  }
                                                                } else {
                                                                  validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/roles/" + i5, schemaPath: "#/properties/limit_overrides/items/properties/roles/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                  return false;
                                                                }
                                                              }
                                                              var valid17 = _errs164 === errors;
                                                              if (!valid17) {
                                                                break;
                                                              }
                                                            }
                                                          }
                                                        }
                                                      } else {
                                                        validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/roles", schemaPath: "#/properties/limit_overrides/items/properties/roles/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                                        return false;
                                                      }
                                                    }
                                                    var valid16 = _errs162 === errors;
                                                  } else {
                                                    var valid16 = true;
                                                  }
                                                  if (valid16) {
                                                    if (data73.drivers !== void 0) {
                                                      let data76 = data73.drivers;
                                                      const _errs166 = errors;
                                                      if (errors === _errs166) {
                                                        if (Array.isArray(data76)) {
                                                          if (data76.length > 64) {
                                                            validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/drivers", schemaPath: "#/properties/limit_overrides/items/properties/drivers/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                                                            return false;
                                                          } else {
                                                            if (data76.length < 1) {
                                                              validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/drivers", schemaPath: "#/properties/limit_overrides/items/properties/drivers/minItems", keyword: "minItems", params: { limit: 1 }, message: "must NOT have fewer than 1 items" }];
                                                              return false;
                                                            } else {
                                                              var valid18 = true;
                                                              const len6 = data76.length;
                                                              for (let i6 = 0; i6 < len6; i6++) {
                                                                let data77 = data76[i6];
                                                                const _errs168 = errors;
                                                                if (errors === _errs168) {
                                                                  if (typeof data77 === "string") {
                                                                    if (func2(data77) > 64) {
                                                                      validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/drivers/" + i6, schemaPath: "#/properties/limit_overrides/items/properties/drivers/items/maxLength", keyword: "maxLength", params: { limit: 64 }, message: "must NOT have more than 64 characters" }];
                                                                      return false;
                                                                    }
                                                                  } else {
                                                                    validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/drivers/" + i6, schemaPath: "#/properties/limit_overrides/items/properties/drivers/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                    return false;
                                                                  }
                                                                }
                                                                var valid18 = _errs168 === errors;
                                                                if (!valid18) {
                                                                  break;
                                                                }
                                                              }
                                                            }
                                                          }
                                                        } else {
                                                          validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/drivers", schemaPath: "#/properties/limit_overrides/items/properties/drivers/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                                          return false;
                                                        }
                                                      }
                                                      var valid16 = _errs166 === errors;
                                                    } else {
                                                      var valid16 = true;
                                                    }
                                                    if (valid16) {
                                                      if (data73.methods !== void 0) {
                                                        let data78 = data73.methods;
                                                        const _errs170 = errors;
                                                        if (errors === _errs170) {
                                                          if (Array.isArray(data78)) {
                                                            if (data78.length > 256) {
                                                              validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/methods", schemaPath: "#/properties/limit_overrides/items/properties/methods/maxItems", keyword: "maxItems", params: { limit: 256 }, message: "must NOT have more than 256 items" }];
                                                              return false;
                                                            } else {
                                                              if (data78.length < 1) {
                                                                validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/methods", schemaPath: "#/properties/limit_overrides/items/properties/methods/minItems", keyword: "minItems", params: { limit: 1 }, message: "must NOT have fewer than 1 items" }];
                                                                return false;
                                                              } else {
                                                                var valid19 = true;
                                                                const len7 = data78.length;
                                                                for (let i7 = 0; i7 < len7; i7++) {
                                                                  let data79 = data78[i7];
                                                                  const _errs172 = errors;
                                                                  if (errors === _errs172) {
                                                                    if (typeof data79 === "string") {
                                                                      if (func2(data79) > 128) {
                                                                        validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/methods/" + i7, schemaPath: "#/properties/limit_overrides/items/properties/methods/items/maxLength", keyword: "maxLength", params: { limit: 128 }, message: "must NOT have more than 128 characters" }];
                                                                        return false;
                                                                      }
                                                                    } else {
                                                                      validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/methods/" + i7, schemaPath: "#/properties/limit_overrides/items/properties/methods/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                      return false;
                                                                    }
                                                                  }
                                                                  var valid19 = _errs172 === errors;
                                                                  if (!valid19) {
                                                                    break;
                                                                  }
                                                                }
                                                              }
                                                            }
                                                          } else {
                                                            validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/methods", schemaPath: "#/properties/limit_overrides/items/properties/methods/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                                            return false;
                                                          }
                                                        }
                                                        var valid16 = _errs170 === errors;
                                                      } else {
                                                        var valid16 = true;
                                                      }
                                                      if (valid16) {
                                                        if (data73.limits !== void 0) {
                                                          let data80 = data73.limits;
                                                          const _errs174 = errors;
                                                          if (errors === _errs174) {
                                                            if (data80 && typeof data80 == "object" && !Array.isArray(data80)) {
                                                              if (Object.keys(data80).length < 1) {
                                                                validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits", schemaPath: "#/properties/limit_overrides/items/properties/limits/minProperties", keyword: "minProperties", params: { limit: 1 }, message: "must NOT have fewer than 1 properties" }];
                                                                return false;
                                                              } else {
                                                                const _errs176 = errors;
                                                                for (const key12 in data80) {
                                                                  if (!func1.call(schema31.properties.limit_overrides.items.properties.limits.properties, key12)) {
                                                                    validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits", schemaPath: "#/properties/limit_overrides/items/properties/limits/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key12 }, message: "must NOT have additional properties" }];
                                                                    return false;
                                                                    break;
                                                                  }
                                                                }
                                                                if (_errs176 === errors) {
                                                                  if (data80.message_bytes !== void 0) {
                                                                    let data81 = data80.message_bytes;
                                                                    const _errs177 = errors;
                                                                    const _errs178 = errors;
                                                                    if (!(typeof data81 == "number" && (!(data81 % 1) && !isNaN(data81)) && isFinite(data81))) {
                                                                      validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/message_bytes", schemaPath: "#/properties/limits/properties/message_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                      return false;
                                                                    }
                                                                    if (errors === _errs178) {
                                                                      if (typeof data81 == "number" && isFinite(data81)) {
                                                                        if (data81 > 16777216 || isNaN(data81)) {
                                                                          validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/message_bytes", schemaPath: "#/properties/limits/properties/message_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 16777216 }, message: "must be <= 16777216" }];
                                                                          return false;
                                                                        } else {
                                                                          if (data81 < 1024 || isNaN(data81)) {
                                                                            validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/message_bytes", schemaPath: "#/properties/limits/properties/message_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1024 }, message: "must be >= 1024" }];
                                                                            return false;
                                                                          }
                                                                        }
                                                                      }
                                                                    }
                                                                    var valid20 = _errs177 === errors;
                                                                  } else {
                                                                    var valid20 = true;
                                                                  }
                                                                  if (valid20) {
                                                                    if (data80.message_ms !== void 0) {
                                                                      let data82 = data80.message_ms;
                                                                      const _errs180 = errors;
                                                                      const _errs181 = errors;
                                                                      if (!(typeof data82 == "number" && (!(data82 % 1) && !isNaN(data82)) && isFinite(data82))) {
                                                                        validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/message_ms", schemaPath: "#/properties/limits/properties/message_ms/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                        return false;
                                                                      }
                                                                      if (errors === _errs181) {
                                                                        if (typeof data82 == "number" && isFinite(data82)) {
                                                                          if (data82 > 6e5 || isNaN(data82)) {
                                                                            validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/message_ms", schemaPath: "#/properties/limits/properties/message_ms/maximum", keyword: "maximum", params: { comparison: "<=", limit: 6e5 }, message: "must be <= 600000" }];
                                                                            return false;
                                                                          } else {
                                                                            if (data82 < 100 || isNaN(data82)) {
                                                                              validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/message_ms", schemaPath: "#/properties/limits/properties/message_ms/minimum", keyword: "minimum", params: { comparison: ">=", limit: 100 }, message: "must be >= 100" }];
                                                                              return false;
                                                                            }
                                                                          }
                                                                        }
                                                                      }
                                                                      var valid20 = _errs180 === errors;
                                                                    } else {
                                                                      var valid20 = true;
                                                                    }
                                                                    if (valid20) {
                                                                      if (data80.nesting_depth !== void 0) {
                                                                        let data83 = data80.nesting_depth;
                                                                        const _errs183 = errors;
                                                                        const _errs184 = errors;
                                                                        if (!(typeof data83 == "number" && (!(data83 % 1) && !isNaN(data83)) && isFinite(data83))) {
                                                                          validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/nesting_depth", schemaPath: "#/properties/limits/properties/nesting_depth/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                          return false;
                                                                        }
                                                                        if (errors === _errs184) {
                                                                          if (typeof data83 == "number" && isFinite(data83)) {
                                                                            if (data83 > 256 || isNaN(data83)) {
                                                                              validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/nesting_depth", schemaPath: "#/properties/limits/properties/nesting_depth/maximum", keyword: "maximum", params: { comparison: "<=", limit: 256 }, message: "must be <= 256" }];
                                                                              return false;
                                                                            } else {
                                                                              if (data83 < 4 || isNaN(data83)) {
                                                                                validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/nesting_depth", schemaPath: "#/properties/limits/properties/nesting_depth/minimum", keyword: "minimum", params: { comparison: ">=", limit: 4 }, message: "must be >= 4" }];
                                                                                return false;
                                                                              }
                                                                            }
                                                                          }
                                                                        }
                                                                        var valid20 = _errs183 === errors;
                                                                      } else {
                                                                        var valid20 = true;
                                                                      }
                                                                      if (valid20) {
                                                                        if (data80.keys !== void 0) {
                                                                          let data84 = data80.keys;
                                                                          const _errs186 = errors;
                                                                          const _errs187 = errors;
                                                                          if (!(typeof data84 == "number" && (!(data84 % 1) && !isNaN(data84)) && isFinite(data84))) {
                                                                            validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/keys", schemaPath: "#/properties/limits/properties/keys/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                            return false;
                                                                          }
                                                                          if (errors === _errs187) {
                                                                            if (typeof data84 == "number" && isFinite(data84)) {
                                                                              if (data84 > 1e6 || isNaN(data84)) {
                                                                                validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/keys", schemaPath: "#/properties/limits/properties/keys/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1e6 }, message: "must be <= 1000000" }];
                                                                                return false;
                                                                              } else {
                                                                                if (data84 < 16 || isNaN(data84)) {
                                                                                  validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/keys", schemaPath: "#/properties/limits/properties/keys/minimum", keyword: "minimum", params: { comparison: ">=", limit: 16 }, message: "must be >= 16" }];
                                                                                  return false;
                                                                                }
                                                                              }
                                                                            }
                                                                          }
                                                                          var valid20 = _errs186 === errors;
                                                                        } else {
                                                                          var valid20 = true;
                                                                        }
                                                                        if (valid20) {
                                                                          if (data80.batch_length !== void 0) {
                                                                            let data85 = data80.batch_length;
                                                                            const _errs189 = errors;
                                                                            const _errs190 = errors;
                                                                            if (!(typeof data85 == "number" && (!(data85 % 1) && !isNaN(data85)) && isFinite(data85))) {
                                                                              validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/batch_length", schemaPath: "#/properties/limits/properties/batch_length/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                              return false;
                                                                            }
                                                                            if (errors === _errs190) {
                                                                              if (typeof data85 == "number" && isFinite(data85)) {
                                                                                if (data85 > 1024 || isNaN(data85)) {
                                                                                  validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/batch_length", schemaPath: "#/properties/limits/properties/batch_length/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1024 }, message: "must be <= 1024" }];
                                                                                  return false;
                                                                                } else {
                                                                                  if (data85 < 1 || isNaN(data85)) {
                                                                                    validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/batch_length", schemaPath: "#/properties/limits/properties/batch_length/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                                                    return false;
                                                                                  }
                                                                                }
                                                                              }
                                                                            }
                                                                            var valid20 = _errs189 === errors;
                                                                          } else {
                                                                            var valid20 = true;
                                                                          }
                                                                          if (valid20) {
                                                                            if (data80.in_flight_per_connection !== void 0) {
                                                                              let data86 = data80.in_flight_per_connection;
                                                                              const _errs192 = errors;
                                                                              const _errs193 = errors;
                                                                              if (!(typeof data86 == "number" && (!(data86 % 1) && !isNaN(data86)) && isFinite(data86))) {
                                                                                validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/in_flight_per_connection", schemaPath: "#/properties/limits/properties/in_flight_per_connection/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                return false;
                                                                              }
                                                                              if (errors === _errs193) {
                                                                                if (typeof data86 == "number" && isFinite(data86)) {
                                                                                  if (data86 > 4096 || isNaN(data86)) {
                                                                                    validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/in_flight_per_connection", schemaPath: "#/properties/limits/properties/in_flight_per_connection/maximum", keyword: "maximum", params: { comparison: "<=", limit: 4096 }, message: "must be <= 4096" }];
                                                                                    return false;
                                                                                  } else {
                                                                                    if (data86 < 1 || isNaN(data86)) {
                                                                                      validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/in_flight_per_connection", schemaPath: "#/properties/limits/properties/in_flight_per_connection/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                                                      return false;
                                                                                    }
                                                                                  }
                                                                                }
                                                                              }
                                                                              var valid20 = _errs192 === errors;
                                                                            } else {
                                                                              var valid20 = true;
                                                                            }
                                                                            if (valid20) {
                                                                              if (data80.connections_per_identity !== void 0) {
                                                                                let data87 = data80.connections_per_identity;
                                                                                const _errs195 = errors;
                                                                                const _errs196 = errors;
                                                                                if (!(typeof data87 == "number" && (!(data87 % 1) && !isNaN(data87)) && isFinite(data87))) {
                                                                                  validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/connections_per_identity", schemaPath: "#/properties/limits/properties/connections_per_identity/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                  return false;
                                                                                }
                                                                                if (errors === _errs196) {
                                                                                  if (typeof data87 == "number" && isFinite(data87)) {
                                                                                    if (data87 > 65536 || isNaN(data87)) {
                                                                                      validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/connections_per_identity", schemaPath: "#/properties/limits/properties/connections_per_identity/maximum", keyword: "maximum", params: { comparison: "<=", limit: 65536 }, message: "must be <= 65536" }];
                                                                                      return false;
                                                                                    } else {
                                                                                      if (data87 < 1 || isNaN(data87)) {
                                                                                        validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/connections_per_identity", schemaPath: "#/properties/limits/properties/connections_per_identity/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                                                        return false;
                                                                                      }
                                                                                    }
                                                                                  }
                                                                                }
                                                                                var valid20 = _errs195 === errors;
                                                                              } else {
                                                                                var valid20 = true;
                                                                              }
                                                                              if (valid20) {
                                                                                if (data80.reply_buffer_bytes !== void 0) {
                                                                                  let data88 = data80.reply_buffer_bytes;
                                                                                  const _errs198 = errors;
                                                                                  const _errs199 = errors;
                                                                                  if (!(typeof data88 == "number" && (!(data88 % 1) && !isNaN(data88)) && isFinite(data88))) {
                                                                                    validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/reply_buffer_bytes", schemaPath: "#/properties/limits/properties/reply_buffer_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                    return false;
                                                                                  }
                                                                                  if (errors === _errs199) {
                                                                                    if (typeof data88 == "number" && isFinite(data88)) {
                                                                                      if (data88 > 268435456 || isNaN(data88)) {
                                                                                        validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/reply_buffer_bytes", schemaPath: "#/properties/limits/properties/reply_buffer_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 268435456 }, message: "must be <= 268435456" }];
                                                                                        return false;
                                                                                      } else {
                                                                                        if (data88 < 65536 || isNaN(data88)) {
                                                                                          validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/reply_buffer_bytes", schemaPath: "#/properties/limits/properties/reply_buffer_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 65536 }, message: "must be >= 65536" }];
                                                                                          return false;
                                                                                        }
                                                                                      }
                                                                                    }
                                                                                  }
                                                                                  var valid20 = _errs198 === errors;
                                                                                } else {
                                                                                  var valid20 = true;
                                                                                }
                                                                                if (valid20) {
                                                                                  if (data80.stream_stall_ms !== void 0) {
                                                                                    let data89 = data80.stream_stall_ms;
                                                                                    const _errs201 = errors;
                                                                                    const _errs202 = errors;
                                                                                    if (!(typeof data89 == "number" && (!(data89 % 1) && !isNaN(data89)) && isFinite(data89))) {
                                                                                      validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/stream_stall_ms", schemaPath: "#/properties/limits/properties/stream_stall_ms/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                      return false;
                                                                                    }
                                                                                    if (errors === _errs202) {
                                                                                      if (typeof data89 == "number" && isFinite(data89)) {
                                                                                        if (data89 > 864e5 || isNaN(data89)) {
                                                                                          validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/stream_stall_ms", schemaPath: "#/properties/limits/properties/stream_stall_ms/maximum", keyword: "maximum", params: { comparison: "<=", limit: 864e5 }, message: "must be <= 86400000" }];
                                                                                          return false;
                                                                                        } else {
                                                                                          if (data89 < 100 || isNaN(data89)) {
                                                                                            validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/stream_stall_ms", schemaPath: "#/properties/limits/properties/stream_stall_ms/minimum", keyword: "minimum", params: { comparison: ">=", limit: 100 }, message: "must be >= 100" }];
                                                                                            return false;
                                                                                          }
                                                                                        }
                                                                                      }
                                                                                    }
                                                                                    var valid20 = _errs201 === errors;
                                                                                  } else {
                                                                                    var valid20 = true;
                                                                                  }
                                                                                  if (valid20) {
                                                                                    if (data80.in_flight_per_identity !== void 0) {
                                                                                      let data90 = data80.in_flight_per_identity;
                                                                                      const _errs204 = errors;
                                                                                      const _errs205 = errors;
                                                                                      if (!(typeof data90 == "number" && (!(data90 % 1) && !isNaN(data90)) && isFinite(data90))) {
                                                                                        validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/in_flight_per_identity", schemaPath: "#/properties/limits/properties/in_flight_per_identity/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                        return false;
                                                                                      }
                                                                                      if (errors === _errs205) {
                                                                                        if (typeof data90 == "number" && isFinite(data90)) {
                                                                                          if (data90 > 16384 || isNaN(data90)) {
                                                                                            validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/in_flight_per_identity", schemaPath: "#/properties/limits/properties/in_flight_per_identity/maximum", keyword: "maximum", params: { comparison: "<=", limit: 16384 }, message: "must be <= 16384" }];
                                                                                            return false;
                                                                                          } else {
                                                                                            if (data90 < 1 || isNaN(data90)) {
                                                                                              validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/in_flight_per_identity", schemaPath: "#/properties/limits/properties/in_flight_per_identity/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                                                              return false;
                                                                                            }
                                                                                          }
                                                                                        }
                                                                                      }
                                                                                      var valid20 = _errs204 === errors;
                                                                                    } else {
                                                                                      var valid20 = true;
                                                                                    }
                                                                                    if (valid20) {
                                                                                      if (data80.in_flight_per_driver !== void 0) {
                                                                                        let data91 = data80.in_flight_per_driver;
                                                                                        const _errs207 = errors;
                                                                                        const _errs208 = errors;
                                                                                        if (!(typeof data91 == "number" && (!(data91 % 1) && !isNaN(data91)) && isFinite(data91))) {
                                                                                          validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/in_flight_per_driver", schemaPath: "#/properties/limits/properties/in_flight_per_driver/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                          return false;
                                                                                        }
                                                                                        if (errors === _errs208) {
                                                                                          if (typeof data91 == "number" && isFinite(data91)) {
                                                                                            if (data91 > 16384 || isNaN(data91)) {
                                                                                              validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/in_flight_per_driver", schemaPath: "#/properties/limits/properties/in_flight_per_driver/maximum", keyword: "maximum", params: { comparison: "<=", limit: 16384 }, message: "must be <= 16384" }];
                                                                                              return false;
                                                                                            } else {
                                                                                              if (data91 < 1 || isNaN(data91)) {
                                                                                                validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/in_flight_per_driver", schemaPath: "#/properties/limits/properties/in_flight_per_driver/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                                                                return false;
                                                                                              }
                                                                                            }
                                                                                          }
                                                                                        }
                                                                                        var valid20 = _errs207 === errors;
                                                                                      } else {
                                                                                        var valid20 = true;
                                                                                      }
                                                                                      if (valid20) {
                                                                                        if (data80.queued_per_identity !== void 0) {
                                                                                          let data92 = data80.queued_per_identity;
                                                                                          const _errs210 = errors;
                                                                                          const _errs211 = errors;
                                                                                          if (!(typeof data92 == "number" && (!(data92 % 1) && !isNaN(data92)) && isFinite(data92))) {
                                                                                            validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/queued_per_identity", schemaPath: "#/properties/limits/properties/queued_per_identity/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                            return false;
                                                                                          }
                                                                                          if (errors === _errs211) {
                                                                                            if (typeof data92 == "number" && isFinite(data92)) {
                                                                                              if (data92 > 16384 || isNaN(data92)) {
                                                                                                validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/queued_per_identity", schemaPath: "#/properties/limits/properties/queued_per_identity/maximum", keyword: "maximum", params: { comparison: "<=", limit: 16384 }, message: "must be <= 16384" }];
                                                                                                return false;
                                                                                              } else {
                                                                                                if (data92 < 0 || isNaN(data92)) {
                                                                                                  validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/queued_per_identity", schemaPath: "#/properties/limits/properties/queued_per_identity/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                                                                                  return false;
                                                                                                }
                                                                                              }
                                                                                            }
                                                                                          }
                                                                                          var valid20 = _errs210 === errors;
                                                                                        } else {
                                                                                          var valid20 = true;
                                                                                        }
                                                                                        if (valid20) {
                                                                                          if (data80.queued_per_driver !== void 0) {
                                                                                            let data93 = data80.queued_per_driver;
                                                                                            const _errs213 = errors;
                                                                                            const _errs214 = errors;
                                                                                            if (!(typeof data93 == "number" && (!(data93 % 1) && !isNaN(data93)) && isFinite(data93))) {
                                                                                              validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/queued_per_driver", schemaPath: "#/properties/limits/properties/queued_per_driver/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                              return false;
                                                                                            }
                                                                                            if (errors === _errs214) {
                                                                                              if (typeof data93 == "number" && isFinite(data93)) {
                                                                                                if (data93 > 16384 || isNaN(data93)) {
                                                                                                  validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/queued_per_driver", schemaPath: "#/properties/limits/properties/queued_per_driver/maximum", keyword: "maximum", params: { comparison: "<=", limit: 16384 }, message: "must be <= 16384" }];
                                                                                                  return false;
                                                                                                } else {
                                                                                                  if (data93 < 0 || isNaN(data93)) {
                                                                                                    validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/queued_per_driver", schemaPath: "#/properties/limits/properties/queued_per_driver/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                                                                                    return false;
                                                                                                  }
                                                                                                }
                                                                                              }
                                                                                            }
                                                                                            var valid20 = _errs213 === errors;
                                                                                          } else {
                                                                                            var valid20 = true;
                                                                                          }
                                                                                          if (valid20) {
                                                                                            if (data80.queue_ms !== void 0) {
                                                                                              let data94 = data80.queue_ms;
                                                                                              const _errs216 = errors;
                                                                                              const _errs217 = errors;
                                                                                              if (!(typeof data94 == "number" && (!(data94 % 1) && !isNaN(data94)) && isFinite(data94))) {
                                                                                                validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/queue_ms", schemaPath: "#/properties/limits/properties/queue_ms/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                                return false;
                                                                                              }
                                                                                              if (errors === _errs217) {
                                                                                                if (typeof data94 == "number" && isFinite(data94)) {
                                                                                                  if (data94 > 6e5 || isNaN(data94)) {
                                                                                                    validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/queue_ms", schemaPath: "#/properties/limits/properties/queue_ms/maximum", keyword: "maximum", params: { comparison: "<=", limit: 6e5 }, message: "must be <= 600000" }];
                                                                                                    return false;
                                                                                                  } else {
                                                                                                    if (data94 < 0 || isNaN(data94)) {
                                                                                                      validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/queue_ms", schemaPath: "#/properties/limits/properties/queue_ms/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                                                                                      return false;
                                                                                                    }
                                                                                                  }
                                                                                                }
                                                                                              }
                                                                                              var valid20 = _errs216 === errors;
                                                                                            } else {
                                                                                              var valid20 = true;
                                                                                            }
                                                                                            if (valid20) {
                                                                                              if (data80.calls_per_minute !== void 0) {
                                                                                                let data95 = data80.calls_per_minute;
                                                                                                const _errs219 = errors;
                                                                                                const _errs220 = errors;
                                                                                                if (!(typeof data95 == "number" && (!(data95 % 1) && !isNaN(data95)) && isFinite(data95))) {
                                                                                                  validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/calls_per_minute", schemaPath: "#/properties/limits/properties/calls_per_minute/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                                  return false;
                                                                                                }
                                                                                                if (errors === _errs220) {
                                                                                                  if (typeof data95 == "number" && isFinite(data95)) {
                                                                                                    if (data95 > 1e7 || isNaN(data95)) {
                                                                                                      validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/calls_per_minute", schemaPath: "#/properties/limits/properties/calls_per_minute/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1e7 }, message: "must be <= 10000000" }];
                                                                                                      return false;
                                                                                                    } else {
                                                                                                      if (data95 < 1 || isNaN(data95)) {
                                                                                                        validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/calls_per_minute", schemaPath: "#/properties/limits/properties/calls_per_minute/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                                                                        return false;
                                                                                                      }
                                                                                                    }
                                                                                                  }
                                                                                                }
                                                                                                var valid20 = _errs219 === errors;
                                                                                              } else {
                                                                                                var valid20 = true;
                                                                                              }
                                                                                              if (valid20) {
                                                                                                if (data80.destructive_calls_per_minute !== void 0) {
                                                                                                  let data96 = data80.destructive_calls_per_minute;
                                                                                                  const _errs222 = errors;
                                                                                                  const _errs223 = errors;
                                                                                                  if (!(typeof data96 == "number" && (!(data96 % 1) && !isNaN(data96)) && isFinite(data96))) {
                                                                                                    validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/destructive_calls_per_minute", schemaPath: "#/properties/limits/properties/destructive_calls_per_minute/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                                    return false;
                                                                                                  }
                                                                                                  if (errors === _errs223) {
                                                                                                    if (typeof data96 == "number" && isFinite(data96)) {
                                                                                                      if (data96 > 1e7 || isNaN(data96)) {
                                                                                                        validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/destructive_calls_per_minute", schemaPath: "#/properties/limits/properties/destructive_calls_per_minute/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1e7 }, message: "must be <= 10000000" }];
                                                                                                        return false;
                                                                                                      } else {
                                                                                                        if (data96 < 1 || isNaN(data96)) {
                                                                                                          validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits/destructive_calls_per_minute", schemaPath: "#/properties/limits/properties/destructive_calls_per_minute/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                                                                          return false;
                                                                                                        }
                                                                                                      }
                                                                                                    }
                                                                                                  }
                                                                                                  var valid20 = _errs222 === errors;
                                                                                                } else {
                                                                                                  var valid20 = true;
                                                                                                }
                                                                                              }
                                                                                            }
                                                                                          }
                                                                                        }
                                                                                      }
                                                                                    }
                                                                                  }
                                                                                }
                                                                              }
                                                                            }
                                                                          }
                                                                        }
                                                                      }
                                                                    }
                                                                  }
                                                                }
                                                              }
                                                            } else {
                                                              validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4 + "/limits", schemaPath: "#/properties/limit_overrides/items/properties/limits/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                                              return false;
                                                            }
                                                          }
                                                          var valid16 = _errs174 === errors;
                                                        } else {
                                                          var valid16 = true;
                                                        }
                                                      }
                                                    }
                                                  }
                                                }
                                              }
                                            } else {
                                              validate20.errors = [{ instancePath: instancePath + "/limit_overrides/" + i4, schemaPath: "#/properties/limit_overrides/items/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                              return false;
                                            }
                                          }
                                          var valid15 = _errs159 === errors;
                                          if (!valid15) {
                                            break;
                                          }
                                        }
                                      }
                                    } else {
                                      validate20.errors = [{ instancePath: instancePath + "/limit_overrides", schemaPath: "#/properties/limit_overrides/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                      return false;
                                    }
                                  }
                                  var valid0 = _errs157 === errors;
                                  if (valid0) {
                                    let data97 = data.scrub;
                                    const _errs225 = errors;
                                    if (errors === _errs225) {
                                      if (data97 && typeof data97 == "object" && !Array.isArray(data97)) {
                                        if (data97.rules === void 0) {
                                          data97.rules = [];
                                        }
                                        if (data97.allow === void 0) {
                                          data97.allow = [];
                                        }
                                        if (data97.values === void 0) {
                                          data97.values = [];
                                        }
                                        const _errs227 = errors;
                                        for (const key13 in data97) {
                                          if (!(key13 === "rules" || key13 === "allow" || key13 === "values")) {
                                            validate20.errors = [{ instancePath: instancePath + "/scrub", schemaPath: "#/properties/scrub/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key13 }, message: "must NOT have additional properties" }];
                                            return false;
                                            break;
                                          }
                                        }
                                        if (_errs227 === errors) {
                                          let data98 = data97.rules;
                                          const _errs228 = errors;
                                          if (errors === _errs228) {
                                            if (Array.isArray(data98)) {
                                              if (data98.length > 128) {
                                                validate20.errors = [{ instancePath: instancePath + "/scrub/rules", schemaPath: "#/properties/scrub/properties/rules/maxItems", keyword: "maxItems", params: { limit: 128 }, message: "must NOT have more than 128 items" }];
                                                return false;
                                              } else {
                                                var valid38 = true;
                                                const len8 = data98.length;
                                                for (let i8 = 0; i8 < len8; i8++) {
                                                  let data99 = data98[i8];
                                                  const _errs230 = errors;
                                                  if (errors === _errs230) {
                                                    if (data99 && typeof data99 == "object" && !Array.isArray(data99)) {
                                                      if (data99.examples === void 0) {
                                                        data99.examples = [];
                                                      }
                                                      let missing3;
                                                      if (data99.id === void 0 && (missing3 = "id") || data99.keywords === void 0 && (missing3 = "keywords") || data99.pattern === void 0 && (missing3 = "pattern")) {
                                                        validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8, schemaPath: "#/properties/scrub/properties/rules/items/required", keyword: "required", params: { missingProperty: missing3 }, message: "must have required property '" + missing3 + "'" }];
                                                        return false;
                                                      } else {
                                                        const _errs232 = errors;
                                                        for (const key14 in data99) {
                                                          if (!(key14 === "id" || key14 === "keywords" || key14 === "pattern" || key14 === "minimum_entropy" || key14 === "allow" || key14 === "examples")) {
                                                            validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8, schemaPath: "#/properties/scrub/properties/rules/items/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key14 }, message: "must NOT have additional properties" }];
                                                            return false;
                                                            break;
                                                          }
                                                        }
                                                        if (_errs232 === errors) {
                                                          if (data99.id !== void 0) {
                                                            let data100 = data99.id;
                                                            const _errs233 = errors;
                                                            if (errors === _errs233) {
                                                              if (typeof data100 === "string") {
                                                                if (!pattern13.test(data100)) {
                                                                  validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/id", schemaPath: "#/properties/scrub/properties/rules/items/properties/id/pattern", keyword: "pattern", params: { pattern: "^[a-z0-9-]{1,64}$" }, message: 'must match pattern "^[a-z0-9-]{1,64}$"' }];
                                                                  return false;
                                                                }
                                                              } else {
                                                                validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/id", schemaPath: "#/properties/scrub/properties/rules/items/properties/id/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                return false;
                                                              }
                                                            }
                                                            var valid39 = _errs233 === errors;
                                                          } else {
                                                            var valid39 = true;
                                                          }
                                                          if (valid39) {
                                                            if (data99.keywords !== void 0) {
                                                              let data101 = data99.keywords;
                                                              const _errs235 = errors;
                                                              if (errors === _errs235) {
                                                                if (Array.isArray(data101)) {
                                                                  if (data101.length > 32) {
                                                                    validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/keywords", schemaPath: "#/properties/scrub/properties/rules/items/properties/keywords/maxItems", keyword: "maxItems", params: { limit: 32 }, message: "must NOT have more than 32 items" }];
                                                                    return false;
                                                                  } else {
                                                                    if (data101.length < 1) {
                                                                      validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/keywords", schemaPath: "#/properties/scrub/properties/rules/items/properties/keywords/minItems", keyword: "minItems", params: { limit: 1 }, message: "must NOT have fewer than 1 items" }];
                                                                      return false;
                                                                    } else {
                                                                      var valid40 = true;
                                                                      const len9 = data101.length;
                                                                      for (let i9 = 0; i9 < len9; i9++) {
                                                                        let data102 = data101[i9];
                                                                        const _errs237 = errors;
                                                                        if (errors === _errs237) {
                                                                          if (typeof data102 === "string") {
                                                                            if (!pattern14.test(data102)) {
                                                                              validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/keywords/" + i9, schemaPath: "#/properties/scrub/properties/rules/items/properties/keywords/items/pattern", keyword: "pattern", params: { pattern: "^[\\x20-\\x7e]{3,64}$" }, message: 'must match pattern "^[\\x20-\\x7e]{3,64}$"' }];
                                                                              return false;
                                                                            }
                                                                          } else {
                                                                            validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/keywords/" + i9, schemaPath: "#/properties/scrub/properties/rules/items/properties/keywords/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                            return false;
                                                                          }
                                                                        }
                                                                        var valid40 = _errs237 === errors;
                                                                        if (!valid40) {
                                                                          break;
                                                                        }
                                                                      }
                                                                    }
                                                                  }
                                                                } else {
                                                                  validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/keywords", schemaPath: "#/properties/scrub/properties/rules/items/properties/keywords/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                                                  return false;
                                                                }
                                                              }
                                                              var valid39 = _errs235 === errors;
                                                            } else {
                                                              var valid39 = true;
                                                            }
                                                            if (valid39) {
                                                              if (data99.pattern !== void 0) {
                                                                let data103 = data99.pattern;
                                                                const _errs239 = errors;
                                                                if (errors === _errs239) {
                                                                  if (typeof data103 === "string") {
                                                                    if (!pattern15.test(data103)) {
                                                                      validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/pattern", schemaPath: "#/properties/scrub/properties/rules/items/properties/pattern/pattern", keyword: "pattern", params: { pattern: "^[\\x20-\\x7e]{1,2000}$" }, message: 'must match pattern "^[\\x20-\\x7e]{1,2000}$"' }];
                                                                      return false;
                                                                    }
                                                                  } else {
                                                                    validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/pattern", schemaPath: "#/properties/scrub/properties/rules/items/properties/pattern/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                    return false;
                                                                  }
                                                                }
                                                                var valid39 = _errs239 === errors;
                                                              } else {
                                                                var valid39 = true;
                                                              }
                                                              if (valid39) {
                                                                if (data99.minimum_entropy !== void 0) {
                                                                  let data104 = data99.minimum_entropy;
                                                                  const _errs241 = errors;
                                                                  if (errors === _errs241) {
                                                                    if (typeof data104 == "number" && isFinite(data104)) {
                                                                      if (data104 > 8 || isNaN(data104)) {
                                                                        validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/minimum_entropy", schemaPath: "#/properties/scrub/properties/rules/items/properties/minimum_entropy/maximum", keyword: "maximum", params: { comparison: "<=", limit: 8 }, message: "must be <= 8" }];
                                                                        return false;
                                                                      } else {
                                                                        if (data104 < 0 || isNaN(data104)) {
                                                                          validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/minimum_entropy", schemaPath: "#/properties/scrub/properties/rules/items/properties/minimum_entropy/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                                                          return false;
                                                                        }
                                                                      }
                                                                    } else {
                                                                      validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/minimum_entropy", schemaPath: "#/properties/scrub/properties/rules/items/properties/minimum_entropy/type", keyword: "type", params: { type: "number" }, message: "must be number" }];
                                                                      return false;
                                                                    }
                                                                  }
                                                                  var valid39 = _errs241 === errors;
                                                                } else {
                                                                  var valid39 = true;
                                                                }
                                                                if (valid39) {
                                                                  if (data99.allow !== void 0) {
                                                                    let data105 = data99.allow;
                                                                    const _errs243 = errors;
                                                                    if (errors === _errs243) {
                                                                      if (typeof data105 === "string") {
                                                                        if (!pattern15.test(data105)) {
                                                                          validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/allow", schemaPath: "#/properties/scrub/properties/rules/items/properties/allow/pattern", keyword: "pattern", params: { pattern: "^[\\x20-\\x7e]{1,2000}$" }, message: 'must match pattern "^[\\x20-\\x7e]{1,2000}$"' }];
                                                                          return false;
                                                                        }
                                                                      } else {
                                                                        validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/allow", schemaPath: "#/properties/scrub/properties/rules/items/properties/allow/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                        return false;
                                                                      }
                                                                    }
                                                                    var valid39 = _errs243 === errors;
                                                                  } else {
                                                                    var valid39 = true;
                                                                  }
                                                                  if (valid39) {
                                                                    let data106 = data99.examples;
                                                                    const _errs245 = errors;
                                                                    if (errors === _errs245) {
                                                                      if (Array.isArray(data106)) {
                                                                        if (data106.length > 32) {
                                                                          validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/examples", schemaPath: "#/properties/scrub/properties/rules/items/properties/examples/maxItems", keyword: "maxItems", params: { limit: 32 }, message: "must NOT have more than 32 items" }];
                                                                          return false;
                                                                        } else {
                                                                          var valid41 = true;
                                                                          const len10 = data106.length;
                                                                          for (let i10 = 0; i10 < len10; i10++) {
                                                                            let data107 = data106[i10];
                                                                            const _errs247 = errors;
                                                                            if (errors === _errs247) {
                                                                              if (typeof data107 === "string") {
                                                                                if (func2(data107) > 8e3) {
                                                                                  validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/examples/" + i10, schemaPath: "#/properties/scrub/properties/rules/items/properties/examples/items/maxLength", keyword: "maxLength", params: { limit: 8e3 }, message: "must NOT have more than 8000 characters" }];
                                                                                  return false;
                                                                                } else {
                                                                                  if (func2(data107) < 1) {
                                                                                    validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/examples/" + i10, schemaPath: "#/properties/scrub/properties/rules/items/properties/examples/items/minLength", keyword: "minLength", params: { limit: 1 }, message: "must NOT have fewer than 1 characters" }];
                                                                                    return false;
                                                                                  }
                                                                                }
                                                                              } else {
                                                                                validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/examples/" + i10, schemaPath: "#/properties/scrub/properties/rules/items/properties/examples/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                                return false;
                                                                              }
                                                                            }
                                                                            var valid41 = _errs247 === errors;
                                                                            if (!valid41) {
                                                                              break;
                                                                            }
                                                                          }
                                                                        }
                                                                      } else {
                                                                        validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8 + "/examples", schemaPath: "#/properties/scrub/properties/rules/items/properties/examples/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                                                        return false;
                                                                      }
                                                                    }
                                                                    var valid39 = _errs245 === errors;
                                                                  }
                                                                }
                                                              }
                                                            }
                                                          }
                                                        }
                                                      }
                                                    } else {
                                                      validate20.errors = [{ instancePath: instancePath + "/scrub/rules/" + i8, schemaPath: "#/properties/scrub/properties/rules/items/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                                      return false;
                                                    }
                                                  }
                                                  var valid38 = _errs230 === errors;
                                                  if (!valid38) {
                                                    break;
                                                  }
                                                }
                                              }
                                            } else {
                                              validate20.errors = [{ instancePath: instancePath + "/scrub/rules", schemaPath: "#/properties/scrub/properties/rules/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                              return false;
                                            }
                                          }
                                          var valid37 = _errs228 === errors;
                                          if (valid37) {
                                            let data108 = data97.allow;
                                            const _errs249 = errors;
                                            if (errors === _errs249) {
                                              if (Array.isArray(data108)) {
                                                if (data108.length > 512) {
                                                  validate20.errors = [{ instancePath: instancePath + "/scrub/allow", schemaPath: "#/properties/scrub/properties/allow/maxItems", keyword: "maxItems", params: { limit: 512 }, message: "must NOT have more than 512 items" }];
                                                  return false;
                                                } else {
                                                  var valid42 = true;
                                                  const len11 = data108.length;
                                                  for (let i11 = 0; i11 < len11; i11++) {
                                                    let data109 = data108[i11];
                                                    const _errs251 = errors;
                                                    const _errs253 = errors;
                                                    let valid43 = false;
                                                    let passing0 = null;
                                                    const _errs254 = errors;
                                                    if (data109 && typeof data109 == "object" && !Array.isArray(data109)) {
                                                      let missing4;
                                                      if (data109.text === void 0 && (missing4 = "text")) {
                                                        const err3 = { instancePath: instancePath + "/scrub/allow/" + i11, schemaPath: "#/properties/scrub/properties/allow/items/oneOf/0/required", keyword: "required", params: { missingProperty: missing4 }, message: "must have required property '" + missing4 + "'" };
                                                        if (vErrors === null) {
                                                          vErrors = [err3];
                                                        } else {
                                                          vErrors.push(err3);
                                                        }
                                                        errors++;
                                                      }
                                                    }
                                                    var _valid0 = _errs254 === errors;
                                                    if (_valid0) {
                                                      valid43 = true;
                                                      passing0 = 0;
                                                    }
                                                    const _errs255 = errors;
                                                    if (data109 && typeof data109 == "object" && !Array.isArray(data109)) {
                                                      let missing5;
                                                      if (data109.pattern === void 0 && (missing5 = "pattern")) {
                                                        const err4 = { instancePath: instancePath + "/scrub/allow/" + i11, schemaPath: "#/properties/scrub/properties/allow/items/oneOf/1/required", keyword: "required", params: { missingProperty: missing5 }, message: "must have required property '" + missing5 + "'" };
                                                        if (vErrors === null) {
                                                          vErrors = [err4];
                                                        } else {
                                                          vErrors.push(err4);
                                                        }
                                                        errors++;
                                                      }
                                                    }
                                                    var _valid0 = _errs255 === errors;
                                                    if (_valid0 && valid43) {
                                                      valid43 = false;
                                                      passing0 = [passing0, 1];
                                                    } else {
                                                      if (_valid0) {
                                                        valid43 = true;
                                                        passing0 = 1;
                                                      }
                                                    }
                                                    if (!valid43) {
                                                      const err5 = { instancePath: instancePath + "/scrub/allow/" + i11, schemaPath: "#/properties/scrub/properties/allow/items/oneOf", keyword: "oneOf", params: { passingSchemas: passing0 }, message: "must match exactly one schema in oneOf" };
                                                      if (vErrors === null) {
                                                        vErrors = [err5];
                                                      } else {
                                                        vErrors.push(err5);
                                                      }
                                                      errors++;
                                                      validate20.errors = vErrors;
                                                      return false;
                                                    } else {
                                                      errors = _errs253;
                                                      if (vErrors !== null) {
                                                        if (_errs253) {
                                                          vErrors.length = _errs253;
                                                        } else {
                                                          vErrors = null;
                                                        }
                                                      }
                                                    }
                                                    if (errors === _errs251) {
                                                      if (data109 && typeof data109 == "object" && !Array.isArray(data109)) {
                                                        const _errs256 = errors;
                                                        for (const key15 in data109) {
                                                          if (!(key15 === "text" || key15 === "pattern" || key15 === "rules")) {
                                                            validate20.errors = [{ instancePath: instancePath + "/scrub/allow/" + i11, schemaPath: "#/properties/scrub/properties/allow/items/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key15 }, message: "must NOT have additional properties" }];
                                                            return false;
                                                            break;
                                                          }
                                                        }
                                                        if (_errs256 === errors) {
                                                          if (data109.text !== void 0) {
                                                            let data110 = data109.text;
                                                            const _errs257 = errors;
                                                            if (errors === _errs257) {
                                                              if (typeof data110 === "string") {
                                                                if (func2(data110) > 8e3) {
                                                                  validate20.errors = [{ instancePath: instancePath + "/scrub/allow/" + i11 + "/text", schemaPath: "#/properties/scrub/properties/allow/items/properties/text/maxLength", keyword: "maxLength", params: { limit: 8e3 }, message: "must NOT have more than 8000 characters" }];
                                                                  return false;
                                                                } else {
                                                                  if (func2(data110) < 1) {
                                                                    validate20.errors = [{ instancePath: instancePath + "/scrub/allow/" + i11 + "/text", schemaPath: "#/properties/scrub/properties/allow/items/properties/text/minLength", keyword: "minLength", params: { limit: 1 }, message: "must NOT have fewer than 1 characters" }];
                                                                    return false;
                                                                  }
                                                                }
                                                              } else {
                                                                validate20.errors = [{ instancePath: instancePath + "/scrub/allow/" + i11 + "/text", schemaPath: "#/properties/scrub/properties/allow/items/properties/text/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                return false;
                                                              }
                                                            }
                                                            var valid44 = _errs257 === errors;
                                                          } else {
                                                            var valid44 = true;
                                                          }
                                                          if (valid44) {
                                                            if (data109.pattern !== void 0) {
                                                              let data111 = data109.pattern;
                                                              const _errs259 = errors;
                                                              if (errors === _errs259) {
                                                                if (typeof data111 === "string") {
                                                                  if (!pattern15.test(data111)) {
                                                                    validate20.errors = [{ instancePath: instancePath + "/scrub/allow/" + i11 + "/pattern", schemaPath: "#/properties/scrub/properties/allow/items/properties/pattern/pattern", keyword: "pattern", params: { pattern: "^[\\x20-\\x7e]{1,2000}$" }, message: 'must match pattern "^[\\x20-\\x7e]{1,2000}$"' }];
                                                                    return false;
                                                                  }
                                                                } else {
                                                                  validate20.errors = [{ instancePath: instancePath + "/scrub/allow/" + i11 + "/pattern", schemaPath: "#/properties/scrub/properties/allow/items/properties/pattern/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                  return false;
                                                                }
                                                              }
                                                              var valid44 = _errs259 === errors;
                                                            } else {
                                                              var valid44 = true;
                                                            }
                                                            if (valid44) {
                                                              if (data109.rules !== void 0) {
                                                                let data112 = data109.rules;
                                                                const _errs261 = errors;
                                                                if (errors === _errs261) {
                                                                  if (Array.isArray(data112)) {
                                                                    if (data112.length > 128) {
                                                                      validate20.errors = [{ instancePath: instancePath + "/scrub/allow/" + i11 + "/rules", schemaPath: "#/properties/scrub/properties/allow/items/properties/rules/maxItems", keyword: "maxItems", params: { limit: 128 }, message: "must NOT have more than 128 items" }];
                                                                      return false;
                                                                    } else {
                                                                      if (data112.length < 1) {
                                                                        validate20.errors = [{ instancePath: instancePath + "/scrub/allow/" + i11 + "/rules", schemaPath: "#/properties/scrub/properties/allow/items/properties/rules/minItems", keyword: "minItems", params: { limit: 1 }, message: "must NOT have fewer than 1 items" }];
                                                                        return false;
                                                                      } else {
                                                                        var valid45 = true;
                                                                        const len12 = data112.length;
                                                                        for (let i12 = 0; i12 < len12; i12++) {
                                                                          let data113 = data112[i12];
                                                                          const _errs263 = errors;
                                                                          if (errors === _errs263) {
                                                                            if (typeof data113 === "string") {
                                                                              if (!pattern13.test(data113)) {
                                                                                validate20.errors = [{ instancePath: instancePath + "/scrub/allow/" + i11 + "/rules/" + i12, schemaPath: "#/properties/scrub/properties/allow/items/properties/rules/items/pattern", keyword: "pattern", params: { pattern: "^[a-z0-9-]{1,64}$" }, message: 'must match pattern "^[a-z0-9-]{1,64}$"' }];
                                                                                return false;
                                                                              }
                                                                            } else {
                                                                              validate20.errors = [{ instancePath: instancePath + "/scrub/allow/" + i11 + "/rules/" + i12, schemaPath: "#/properties/scrub/properties/allow/items/properties/rules/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                              return false;
                                                                            }
                                                                          }
                                                                          var valid45 = _errs263 === errors;
                                                                          if (!valid45) {
                                                                            break;
                                                                          }
                                                                        }
                                                                      }
                                                                    }
                                                                  } else {
                                                                    validate20.errors = [{ instancePath: instancePath + "/scrub/allow/" + i11 + "/rules", schemaPath: "#/properties/scrub/properties/allow/items/properties/rules/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                                                    return false;
                                                                  }
                                                                }
                                                                var valid44 = _errs261 === errors;
                                                              } else {
                                                                var valid44 = true;
                                                              }
                                                            }
                                                          }
                                                        }
                                                      } else {
                                                        validate20.errors = [{ instancePath: instancePath + "/scrub/allow/" + i11, schemaPath: "#/properties/scrub/properties/allow/items/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                                        return false;
                                                      }
                                                    }
                                                    var valid42 = _errs251 === errors;
                                                    if (!valid42) {
                                                      break;
                                                    }
                                                  }
                                                }
                                              } else {
                                                validate20.errors = [{ instancePath: instancePath + "/scrub/allow", schemaPath: "#/properties/scrub/properties/allow/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                                return false;
                                              }
                                            }
                                            var valid37 = _errs249 === errors;
                                            if (valid37) {
                                              let data114 = data97.values;
                                              const _errs265 = errors;
                                              if (errors === _errs265) {
                                                if (Array.isArray(data114)) {
                                                  if (data114.length > 64) {
                                                    validate20.errors = [{ instancePath: instancePath + "/scrub/values", schemaPath: "#/properties/scrub/properties/values/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                                                    return false;
                                                  } else {
                                                    var valid46 = true;
                                                    const len13 = data114.length;
                                                    for (let i13 = 0; i13 < len13; i13++) {
                                                      let data115 = data114[i13];
                                                      const _errs267 = errors;
                                                      if (errors === _errs267) {
                                                        if (data115 && typeof data115 == "object" && !Array.isArray(data115)) {
                                                          let missing6;
                                                          if (data115.name === void 0 && (missing6 = "name") || data115.file === void 0 && (missing6 = "file")) {
                                                            validate20.errors = [{ instancePath: instancePath + "/scrub/values/" + i13, schemaPath: "#/properties/scrub/properties/values/items/required", keyword: "required", params: { missingProperty: missing6 }, message: "must have required property '" + missing6 + "'" }];
                                                            return false;
                                                          } else {
                                                            const _errs269 = errors;
                                                            for (const key16 in data115) {
                                                              if (!(key16 === "name" || key16 === "file")) {
                                                                validate20.errors = [{ instancePath: instancePath + "/scrub/values/" + i13, schemaPath: "#/properties/scrub/properties/values/items/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key16 }, message: "must NOT have additional properties" }];
                                                                return false;
                                                                break;
                                                              }
                                                            }
                                                            if (_errs269 === errors) {
                                                              if (data115.name !== void 0) {
                                                                let data116 = data115.name;
                                                                const _errs270 = errors;
                                                                if (errors === _errs270) {
                                                                  if (typeof data116 === "string") {
                                                                    if (!pattern7.test(data116)) {
                                                                      validate20.errors = [{ instancePath: instancePath + "/scrub/values/" + i13 + "/name", schemaPath: "#/properties/scrub/properties/values/items/properties/name/pattern", keyword: "pattern", params: { pattern: "^[a-z][a-z0-9_-]{0,31}$" }, message: 'must match pattern "^[a-z][a-z0-9_-]{0,31}$"' }];
                                                                      return false;
                                                                    }
                                                                  } else {
                                                                    validate20.errors = [{ instancePath: instancePath + "/scrub/values/" + i13 + "/name", schemaPath: "#/properties/scrub/properties/values/items/properties/name/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                    return false;
                                                                  }
                                                                }
                                                                var valid47 = _errs270 === errors;
                                                              } else {
                                                                var valid47 = true;
                                                              }
                                                              if (valid47) {
                                                                if (data115.file !== void 0) {
                                                                  let data117 = data115.file;
                                                                  const _errs272 = errors;
                                                                  if (errors === _errs272) {
                                                                    if (typeof data117 === "string") {
                                                                      if (func2(data117) > 4096) {
                                                                        validate20.errors = [{ instancePath: instancePath + "/scrub/values/" + i13 + "/file", schemaPath: "#/properties/scrub/properties/values/items/properties/file/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" }];
                                                                        return false;
                                                                      } else {
                                                                        if (!pattern4.test(data117)) {
                                                                          validate20.errors = [{ instancePath: instancePath + "/scrub/values/" + i13 + "/file", schemaPath: "#/properties/scrub/properties/values/items/properties/file/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' }];
                                                                          return false;
                                                                        }
                                                                      }
                                                                    } else {
                                                                      validate20.errors = [{ instancePath: instancePath + "/scrub/values/" + i13 + "/file", schemaPath: "#/properties/scrub/properties/values/items/properties/file/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                      return false;
                                                                    }
                                                                  }
                                                                  var valid47 = _errs272 === errors;
                                                                } else {
                                                                  var valid47 = true;
                                                                }
                                                              }
                                                            }
                                                          }
                                                        } else {
                                                          validate20.errors = [{ instancePath: instancePath + "/scrub/values/" + i13, schemaPath: "#/properties/scrub/properties/values/items/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                                          return false;
                                                        }
                                                      }
                                                      var valid46 = _errs267 === errors;
                                                      if (!valid46) {
                                                        break;
                                                      }
                                                    }
                                                  }
                                                } else {
                                                  validate20.errors = [{ instancePath: instancePath + "/scrub/values", schemaPath: "#/properties/scrub/properties/values/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                                  return false;
                                                }
                                              }
                                              var valid37 = _errs265 === errors;
                                            }
                                          }
                                        }
                                      } else {
                                        validate20.errors = [{ instancePath: instancePath + "/scrub", schemaPath: "#/properties/scrub/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                        return false;
                                      }
                                    }
                                    var valid0 = _errs225 === errors;
                                  }
                                }
                              }
                            }
                          }
                        }
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    } else {
      validate20.errors = [{ instancePath, schemaPath: "#/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
      return false;
    }
  }
  validate20.errors = vErrors;
  return errors === 0;
}
validate20.evaluated = { "props": true, "dynamicProps": false, "dynamicItems": false };
var profile = validate21;
var schema48 = { "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "profile.schema.json", "title": "Profile", "description": "drivers.d/<name>.yaml: enables a driver under the file's name and says what it is granted.", "type": "object", "additionalProperties": false, "required": ["version"], "examples": [{ "version": 1 }], "$defs": { "profileName": { "type": "string", "pattern": "^[a-z][a-z0-9-]{0,31}$", "title": "Profile name", "description": "Prefix of the driver's methods; not `rpc` and no command of driverctl.", "not": { "enum": ["rpc", "call", "list", "describe", "audit", "status", "can", "who-can", "enable", "disable", "pause", "resume", "reload", "logs", "scrub", "isolation", "doctor", "cancel", "help", "version"] }, "examples": ["disk"] }, "path": { "title": "Path", "description": "A normalised absolute path.", "type": "string", "pattern": "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$", "maxLength": 4096, "examples": ["/srv"] }, "mount": { "title": "Path", "description": "A path, or a path and where it is seen.", "examples": ["/srv"], "anyOf": [{ "type": "string", "pattern": "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$", "maxLength": 4096 }, { "type": "object", "additionalProperties": false, "required": ["path", "at"], "properties": { "path": { "title": "Path", "description": "Path on the host.", "examples": ["/"], "type": "string", "pattern": "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$", "maxLength": 4096 }, "at": { "title": "At", "description": "Path in the driver's view.", "examples": ["/host"], "type": "string", "pattern": "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$", "maxLength": 4096 } } }] } }, "properties": { "version": { "title": "Version", "description": "Version of this format.", "const": 1, "type": "integer", "examples": [1] }, "driver": { "type": "string", "pattern": "^[a-z][a-z0-9-]{0,31}$", "title": "Driver", "description": "Name of the driver; the profile's own name if left out.", "examples": ["disk"] }, "user": { "title": "User", "description": "User of the driver's processes: `auto` gives a number of its own; `root` needs `accept_root`.", "type": "string", "pattern": "^[a-z_][a-z0-9_.-]{0,255}$", "default": "auto", "examples": ["auto"] }, "accept_root": { "title": "Accept root", "description": "Why this driver must run as root, 8 to 512 characters. `user: root` needs it, and it stands in the record of each launch.", "type": "string", "minLength": 8, "maxLength": 512, "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]*$", "examples": ["reads SMART data, which the kernel gives to root alone"] }, "groups": { "title": "Groups", "description": "Supplementary groups of the driver's processes, by name (a daemon that runs as root).", "type": "array", "maxItems": 32, "uniqueItems": true, "default": [], "examples": [["adm"]], "items": { "type": "string", "pattern": "^[a-z_][a-z0-9_.-]{0,255}$" } }, "launcher": { "title": "Launcher", "description": "`sandbox`: bubblewrap. `container`: runc, on the root folder in `root`, with no network (a daemon that runs as root).", "type": "string", "enum": ["sandbox", "container"], "default": "sandbox", "examples": ["container"] }, "fallback": { "title": "Fallback", "description": "Where this host cannot start containers: `refuse` the profile, or start its driver in the `sandbox` with the same root folder; each such launch says so in its record.", "type": "string", "enum": ["refuse", "sandbox"], "default": "refuse", "examples": ["sandbox"] }, "root": { "title": "Root folder", "description": "A folder of root's that holds a whole system, unpacked from an image: what the driver sees, read-only, instead of this host's system.", "type": "string", "pattern": "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$", "maxLength": 4096, "examples": ["/srv/driverd-roots/bookworm"] }, "filesystem": { "title": "Files", "description": "What the driver sees beside the minimal read-only system.", "type": "object", "additionalProperties": false, "properties": { "read": { "title": "Read", "description": "Folders and files, read-only; `at` puts one elsewhere in the driver's view.", "type": "array", "maxItems": 64, "default": [], "examples": [["/srv"], [{ "path": "/", "at": "/host" }]], "items": { "$ref": "#/$defs/mount" } }, "write": { "title": "Write", "description": "Folders and files that the driver may change, as far as its user may.", "type": "array", "maxItems": 64, "default": [], "examples": [["/var/lib/example"]], "items": { "$ref": "#/$defs/mount" } }, "scratch": { "title": "Scratch", "description": "Private folders of one launch beside /tmp: empty at its start, gone at its end.", "type": "array", "maxItems": 16, "uniqueItems": true, "default": [], "examples": [["/scratch"]], "items": { "$ref": "#/$defs/path" } } }, "examples": [{}], "default": {} }, "network": { "title": "Network", "description": "`none`: only Unix sockets can be made. `loopback`: a loopback of its own. `host`: the host's network, its abstract Unix sockets with it.", "type": "string", "enum": ["none", "loopback", "host"], "default": "none", "examples": ["none"] }, "capabilities": { "title": "Capabilities", "description": "Capabilities of the driver's processes, and no others; a daemon that runs as root.", "type": "array", "maxItems": 41, "uniqueItems": true, "default": [], "examples": [[]], "items": { "type": "string", "pattern": "^CAP_[A-Z_]{1,32}$" } }, "devices": { "title": "Devices", "description": "Device files below /dev, beside the minimal set.", "type": "array", "maxItems": 32, "uniqueItems": true, "default": [], "examples": [["/dev/kvm"]], "items": { "type": "string", "pattern": "^/dev/[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,200}$" } }, "syscalls": { "title": "System calls", "description": "The filter on system calls.", "type": "object", "additionalProperties": false, "default": {}, "examples": [{ "filter": "strict", "allow": ["ptrace"] }], "properties": { "filter": { "title": "Filter", "description": "`default` refuses what no driver should need. `strict` allows a list and refuses the rest.", "type": "string", "enum": ["default", "strict"], "default": "default", "examples": ["strict"] }, "allow": { "title": "Allow", "description": "System calls that the filter would refuse, by name.", "type": "array", "maxItems": 64, "uniqueItems": true, "default": [], "items": { "type": "string", "pattern": "^[a-z_][a-z0-9_]{0,63}$" }, "examples": [["ptrace"]] }, "sockets": { "title": "Sockets", "description": "Socket families that the filter would refuse.", "type": "array", "maxItems": 3, "uniqueItems": true, "default": [], "items": { "type": "string", "enum": ["netlink", "packet", "vsock"] }, "examples": [["netlink"]] } } }, "limits": { "title": "Limits", "description": "Bounds of each launch.", "type": "object", "additionalProperties": false, "properties": { "wall_ms": { "title": "Wall time", "description": "Longest run, in milliseconds.", "type": "integer", "minimum": 10, "maximum": 864e5, "default": 6e5, "examples": [6e5] }, "idle_ms": { "title": "Idle time", "description": "How long a driver may say nothing, on stdout or stderr, before it is ended, in milliseconds; progress and log messages count, and what is beyond output_bytes too. null: up to wall_ms. Not in `mode: persistent`.", "type": ["integer", "null"], "minimum": 10, "maximum": 864e5, "default": null, "examples": [3e4] }, "cpu_seconds": { "title": "CPU time", "description": "Most CPU time of a process, in seconds.", "type": "integer", "minimum": 1, "maximum": 86400, "default": 600, "examples": [600] }, "address_space_bytes": { "title": "Address space", "description": "RLIMIT_AS in bytes; null leaves it. Node needs 2 GiB.", "type": ["integer", "null"], "minimum": 1048576, "maximum": 1099511627776, "default": null, "examples": [2147483648] }, "data_bytes": { "title": "Data", "description": "RLIMIT_DATA in bytes; null leaves it. Node needs 1 GiB. Shared mappings are not seen.", "type": ["integer", "null"], "minimum": 1048576, "maximum": 1099511627776, "default": 1073741824, "examples": [1073741824] }, "memory_bytes": { "title": "Memory", "description": "memory.max of the launch's cgroup in bytes: every page of all its processes, shared mappings and scratch folders with it; no swap. Only where driverd has the memory controller of cgroup v2; else records say `degraded: memory`, and `require: [memory]` refuses.", "type": "integer", "minimum": 16777216, "maximum": 1099511627776, "default": 1073741824, "examples": [1073741824] }, "cpu_percent": { "title": "CPU share", "description": "cpu.max of the launch's cgroup in hundredths of a processor; null leaves it. Refused where driverd has no cpu controller of cgroup v2.", "type": ["integer", "null"], "minimum": 1, "maximum": 102400, "default": null, "examples": [50] }, "processes": { "title": "Processes", "description": "Most processes and threads.", "type": "integer", "minimum": 1, "maximum": 32768, "default": 64, "examples": [64] }, "open_files": { "title": "Open files", "description": "Most open files of a process.", "type": "integer", "minimum": 8, "maximum": 65536, "default": 256, "examples": [256] }, "file_bytes": { "title": "File size", "description": "Largest file that may be written, in bytes.", "type": "integer", "minimum": 0, "maximum": 1099511627776, "default": 67108864, "examples": [67108864] }, "output_bytes": { "title": "Output", "description": "Most bytes of stdout and stderr together.", "type": "integer", "minimum": 1024, "maximum": 1073741824, "default": 10485760, "examples": [10485760] }, "stream_bytes": { "title": "Streamed output", "description": "Most bytes of stdout and stderr together of a method with `stream: true`, in place of `output_bytes`: they pass through and are not kept.", "type": "integer", "minimum": 1024, "maximum": 1099511627776, "default": 1073741824, "examples": [1073741824] }, "term_grace_ms": { "title": "Grace", "description": "How long a driver may go on after SIGTERM, which it gets when its call is cancelled or its caller goes, in milliseconds; then everything that was started for the call is killed. 0: killed at once.", "type": "integer", "minimum": 0, "maximum": 6e4, "default": 2e3, "examples": [2e3] }, "scratch_bytes": { "title": "Scratch", "description": "Size of /tmp and of each scratch folder, in bytes.", "type": "integer", "minimum": 4096, "maximum": 1073741824, "default": 16777216, "examples": [16777216] } }, "examples": [{}], "default": {} }, "mode": { "title": "Mode", "description": "`oneshot`: a fresh process for each call. `persistent`: one process answers many calls, which then share it (`jsonrpc` drivers that are written for it).", "type": "string", "enum": ["oneshot", "persistent"], "default": "oneshot", "examples": ["persistent"] }, "prestart": { "title": "Prestart", "description": "Processes that are started before their calls, each for one: their number, or the fewest and the most that stand ready. Left out: none.", "examples": [4, { "min": 1, "max": 8 }], "anyOf": [{ "type": "integer", "minimum": 1, "maximum": 64 }, { "type": "object", "additionalProperties": false, "required": ["min", "max"], "properties": { "min": { "title": "Fewest", "description": "Processes that stand ready however few calls come.", "type": "integer", "minimum": 0, "maximum": 64, "examples": [1] }, "max": { "title": "Most", "description": "Processes that stand ready at most, when as many calls came at once.", "type": "integer", "minimum": 1, "maximum": 64, "examples": [8] } } }] }, "persistent": { "title": "Persistent", "description": "How a driver in `mode: persistent` is run.", "type": "object", "additionalProperties": false, "default": {}, "examples": [{}], "properties": { "processes": { "title": "Processes", "description": "How many of them answer calls.", "type": "integer", "minimum": 1, "maximum": 16, "default": 1, "examples": [2] }, "max_concurrency": { "title": "Calls at once", "description": "Most calls that one process has at a time; more wait for a place.", "type": "integer", "minimum": 1, "maximum": 1024, "default": 64, "examples": [16] }, "recycle_calls": { "title": "Calls of a process", "description": "A process is replaced after so many calls.", "type": "integer", "minimum": 1, "maximum": 1e9, "default": 1e5, "examples": [1e3] }, "recycle_age_ms": { "title": "Age of a process", "description": "A process is replaced when it is so old, in milliseconds.", "type": "integer", "minimum": 1e3, "maximum": 6048e5, "default": 36e5, "examples": [864e5] }, "recycle_memory_bytes": { "title": "Memory of a process", "description": "A process is replaced when it holds more, in bytes: what its cgroup counts, or its own resident memory where it has none. null: however much it holds.", "type": ["integer", "null"], "minimum": 1048576, "maximum": 1099511627776, "default": null, "examples": [268435456] } } }, "environment": { "title": "Environment", "description": "Literal environment variables.", "type": "object", "maxProperties": 64, "propertyNames": { "type": "string", "pattern": "^(?!LD_|GCONV_PATH$|NODE_OPTIONS$|NODE_PATH$|BASH_ENV$|ENV$|IFS$|PATH$|SHELLOPTS$|PYTHON[A-Z]*$|PERL5[A-Z]*$)[A-Za-z_][A-Za-z0-9_]*$" }, "additionalProperties": { "type": "string", "maxLength": 4096, "pattern": "^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f]*$" }, "default": {}, "examples": [{ "LC_ALL": "C.UTF-8" }] }, "secrets": { "title": "Secrets", "description": "Values that the driver gets and that are scrubbed from all its output.", "type": "array", "maxItems": 16, "default": [], "examples": [[{ "name": "token", "file": "/etc/driverd/secrets/token" }]], "items": { "title": "Secret", "description": "One secret.", "type": "object", "additionalProperties": false, "required": ["name"], "properties": { "name": { "title": "Name", "description": "Its name; the file name below /run/secrets.", "type": "string", "pattern": "^[a-z][a-z0-9_-]{0,31}$", "examples": ["token"] }, "file": { "title": "File", "description": "Provider: a file of root's, 8 bytes to 64 KiB.", "examples": ["/etc/driverd/secrets/token"], "type": "string", "pattern": "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$", "maxLength": 4096 }, "credential": { "title": "Credential", "description": "Provider: a credential of driverd's systemd unit (LoadCredential=).", "type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$", "examples": ["token"] }, "as": { "title": "As", "description": "How the driver gets it: a file, an open descriptor, or an environment variable where the program takes nothing else.", "type": "string", "enum": ["file", "descriptor", "environment"], "default": "file", "examples": ["file"] }, "variable": { "title": "Variable", "description": "The variable that holds the value (`environment`) or the descriptor's number (`descriptor`).", "type": "string", "pattern": "^(?!LD_|GCONV_PATH$|NODE_OPTIONS$|NODE_PATH$|BASH_ENV$|ENV$|IFS$|PATH$|SHELLOPTS$|PYTHON[A-Z]*$|PERL5[A-Z]*$)[A-Za-z_][A-Za-z0-9_]*$", "maxLength": 64, "examples": ["TOKEN"] } }, "examples": [{ "name": "token", "file": "/etc/driverd/secrets/token" }], "oneOf": [{ "required": ["file"] }, { "required": ["credential"] }] } }, "stderr_in_errors": { "title": "stderr in errors", "description": "Whether an error carries exit status and the scrubbed tail of stderr.", "type": "boolean", "default": true, "examples": [true] }, "params": { "title": "Params on record", "description": "What audit records say of a call's params: `hash`, a keyed hash that only root can search for; `names`, the names of the top-level fields; `omit`, nothing.", "type": "string", "enum": ["hash", "names", "omit"], "default": "hash", "examples": ["omit"] }, "logs": { "title": "Logs", "description": "Where the driver's stderr and its `log` messages are kept, scrubbed: `journal`, the operational log and the broker's memory (`driverctl logs`); `memory`, there alone; `none`, nowhere.", "type": "string", "enum": ["journal", "memory", "none"], "default": "journal", "examples": ["memory"] }, "workdir": { "title": "Working folder", "description": "Where the program starts, in the driver's view; its own folder if left out.", "default": "/driver", "examples": ["/tmp"], "type": "string", "pattern": "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$", "maxLength": 4096 }, "on_output_limit": { "title": "At the output limit", "description": "`fail` ends the call. `truncate` (command drivers) drops what is beyond the limit and says how many bytes.", "type": "string", "enum": ["fail", "truncate"], "default": "fail", "examples": ["truncate"] }, "require": { "title": "Require", "description": "What the host must really hold; where it cannot, the profile is refused. `memory`: a limit that sees every page.", "type": "array", "maxItems": 1, "uniqueItems": true, "default": [], "items": { "type": "string", "enum": ["memory"] }, "examples": [["memory"]] } } };
var func0 = require_equal().default;
var pattern21 = new RegExp("^[a-z][a-z0-9-]{0,31}$", "u");
var pattern22 = new RegExp("^[a-z_][a-z0-9_.-]{0,255}$", "u");
var pattern23 = new RegExp("^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]*$", "u");
var pattern33 = new RegExp("^CAP_[A-Z_]{1,32}$", "u");
var pattern34 = new RegExp("^/dev/[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,200}$", "u");
var pattern35 = new RegExp("^[a-z_][a-z0-9_]{0,63}$", "u");
var pattern36 = new RegExp("^(?!LD_|GCONV_PATH$|NODE_OPTIONS$|NODE_PATH$|BASH_ENV$|ENV$|IFS$|PATH$|SHELLOPTS$|PYTHON[A-Z]*$|PERL5[A-Z]*$)[A-Za-z_][A-Za-z0-9_]*$", "u");
var pattern37 = new RegExp("^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f]*$", "u");
var pattern40 = new RegExp("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$", "u");
function validate21(data, { instancePath = "", parentData, parentDataProperty, rootData = data, dynamicAnchors = {} } = {}) {
  ;
  let vErrors = null;
  let errors = 0;
  const evaluated0 = validate21.evaluated;
  if (evaluated0.dynamicProps) {
    evaluated0.props = void 0;
  }
  if (evaluated0.dynamicItems) {
    evaluated0.items = void 0;
  }
  if (errors === 0) {
    if (data && typeof data == "object" && !Array.isArray(data)) {
      if (data.user === void 0) {
        data.user = "auto";
      }
      if (data.groups === void 0) {
        data.groups = [];
      }
      if (data.launcher === void 0) {
        data.launcher = "sandbox";
      }
      if (data.fallback === void 0) {
        data.fallback = "refuse";
      }
      if (data.filesystem === void 0) {
        data.filesystem = {};
      }
      if (data.network === void 0) {
        data.network = "none";
      }
      if (data.capabilities === void 0) {
        data.capabilities = [];
      }
      if (data.devices === void 0) {
        data.devices = [];
      }
      if (data.syscalls === void 0) {
        data.syscalls = {};
      }
      if (data.limits === void 0) {
        data.limits = {};
      }
      if (data.mode === void 0) {
        data.mode = "oneshot";
      }
      if (data.persistent === void 0) {
        data.persistent = {};
      }
      if (data.environment === void 0) {
        data.environment = {};
      }
      if (data.secrets === void 0) {
        data.secrets = [];
      }
      if (data.stderr_in_errors === void 0) {
        data.stderr_in_errors = true;
      }
      if (data.params === void 0) {
        data.params = "hash";
      }
      if (data.logs === void 0) {
        data.logs = "journal";
      }
      if (data.workdir === void 0) {
        data.workdir = "/driver";
      }
      if (data.on_output_limit === void 0) {
        data.on_output_limit = "fail";
      }
      if (data.require === void 0) {
        data.require = [];
      }
      let missing0;
      if (data.version === void 0 && (missing0 = "version")) {
        validate21.errors = [{ instancePath, schemaPath: "#/required", keyword: "required", params: { missingProperty: missing0 }, message: "must have required property '" + missing0 + "'" }];
        return false;
      } else {
        const _errs1 = errors;
        for (const key0 in data) {
          if (!func1.call(schema48.properties, key0)) {
            validate21.errors = [{ instancePath, schemaPath: "#/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key0 }, message: "must NOT have additional properties" }];
            return false;
            break;
          }
        }
        if (_errs1 === errors) {
          if (data.version !== void 0) {
            let data0 = data.version;
            const _errs2 = errors;
            if (!(typeof data0 == "number" && (!(data0 % 1) && !isNaN(data0)) && isFinite(data0))) {
              validate21.errors = [{ instancePath: instancePath + "/version", schemaPath: "#/properties/version/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
              return false;
            }
            if (1 !== data0) {
              validate21.errors = [{ instancePath: instancePath + "/version", schemaPath: "#/properties/version/const", keyword: "const", params: { allowedValue: 1 }, message: "must be equal to constant" }];
              return false;
            }
            var valid0 = _errs2 === errors;
          } else {
            var valid0 = true;
          }
          if (valid0) {
            if (data.driver !== void 0) {
              let data1 = data.driver;
              const _errs4 = errors;
              if (errors === _errs4) {
                if (typeof data1 === "string") {
                  if (!pattern21.test(data1)) {
                    validate21.errors = [{ instancePath: instancePath + "/driver", schemaPath: "#/properties/driver/pattern", keyword: "pattern", params: { pattern: "^[a-z][a-z0-9-]{0,31}$" }, message: 'must match pattern "^[a-z][a-z0-9-]{0,31}$"' }];
                    return false;
                  }
                } else {
                  validate21.errors = [{ instancePath: instancePath + "/driver", schemaPath: "#/properties/driver/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                  return false;
                }
              }
              var valid0 = _errs4 === errors;
            } else {
              var valid0 = true;
            }
            if (valid0) {
              let data2 = data.user;
              const _errs6 = errors;
              if (errors === _errs6) {
                if (typeof data2 === "string") {
                  if (!pattern22.test(data2)) {
                    validate21.errors = [{ instancePath: instancePath + "/user", schemaPath: "#/properties/user/pattern", keyword: "pattern", params: { pattern: "^[a-z_][a-z0-9_.-]{0,255}$" }, message: 'must match pattern "^[a-z_][a-z0-9_.-]{0,255}$"' }];
                    return false;
                  }
                } else {
                  validate21.errors = [{ instancePath: instancePath + "/user", schemaPath: "#/properties/user/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                  return false;
                }
              }
              var valid0 = _errs6 === errors;
              if (valid0) {
                if (data.accept_root !== void 0) {
                  let data3 = data.accept_root;
                  const _errs8 = errors;
                  if (errors === _errs8) {
                    if (typeof data3 === "string") {
                      if (func2(data3) > 512) {
                        validate21.errors = [{ instancePath: instancePath + "/accept_root", schemaPath: "#/properties/accept_root/maxLength", keyword: "maxLength", params: { limit: 512 }, message: "must NOT have more than 512 characters" }];
                        return false;
                      } else {
                        if (func2(data3) < 8) {
                          validate21.errors = [{ instancePath: instancePath + "/accept_root", schemaPath: "#/properties/accept_root/minLength", keyword: "minLength", params: { limit: 8 }, message: "must NOT have fewer than 8 characters" }];
                          return false;
                        } else {
                          if (!pattern23.test(data3)) {
                            validate21.errors = [{ instancePath: instancePath + "/accept_root", schemaPath: "#/properties/accept_root/pattern", keyword: "pattern", params: { pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]*$" }, message: 'must match pattern "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]*$"' }];
                            return false;
                          }
                        }
                      }
                    } else {
                      validate21.errors = [{ instancePath: instancePath + "/accept_root", schemaPath: "#/properties/accept_root/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                      return false;
                    }
                  }
                  var valid0 = _errs8 === errors;
                } else {
                  var valid0 = true;
                }
                if (valid0) {
                  let data4 = data.groups;
                  const _errs10 = errors;
                  if (errors === _errs10) {
                    if (Array.isArray(data4)) {
                      if (data4.length > 32) {
                        validate21.errors = [{ instancePath: instancePath + "/groups", schemaPath: "#/properties/groups/maxItems", keyword: "maxItems", params: { limit: 32 }, message: "must NOT have more than 32 items" }];
                        return false;
                      } else {
                        var valid1 = true;
                        const len0 = data4.length;
                        for (let i0 = 0; i0 < len0; i0++) {
                          let data5 = data4[i0];
                          const _errs12 = errors;
                          if (errors === _errs12) {
                            if (typeof data5 === "string") {
                              if (!pattern22.test(data5)) {
                                validate21.errors = [{ instancePath: instancePath + "/groups/" + i0, schemaPath: "#/properties/groups/items/pattern", keyword: "pattern", params: { pattern: "^[a-z_][a-z0-9_.-]{0,255}$" }, message: 'must match pattern "^[a-z_][a-z0-9_.-]{0,255}$"' }];
                                return false;
                              }
                            } else {
                              validate21.errors = [{ instancePath: instancePath + "/groups/" + i0, schemaPath: "#/properties/groups/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                              return false;
                            }
                          }
                          var valid1 = _errs12 === errors;
                          if (!valid1) {
                            break;
                          }
                        }
                        if (valid1) {
                          let i1 = data4.length;
                          let j0;
                          if (i1 > 1) {
                            const indices0 = {};
                            for (; i1--; ) {
                              let item0 = data4[i1];
                              if (typeof item0 !== "string") {
                                continue;
                              }
                              if (typeof indices0[item0] == "number") {
                                j0 = indices0[item0];
                                validate21.errors = [{ instancePath: instancePath + "/groups", schemaPath: "#/properties/groups/uniqueItems", keyword: "uniqueItems", params: { i: i1, j: j0 }, message: "must NOT have duplicate items (items ## " + j0 + " and " + i1 + " are identical)" }];
                                return false;
                                break;
                              }
                              indices0[item0] = i1;
                            }
                          }
                        }
                      }
                    } else {
                      validate21.errors = [{ instancePath: instancePath + "/groups", schemaPath: "#/properties/groups/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                      return false;
                    }
                  }
                  var valid0 = _errs10 === errors;
                  if (valid0) {
                    let data6 = data.launcher;
                    const _errs14 = errors;
                    if (typeof data6 !== "string") {
                      validate21.errors = [{ instancePath: instancePath + "/launcher", schemaPath: "#/properties/launcher/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                      return false;
                    }
                    if (!(data6 === "sandbox" || data6 === "container")) {
                      validate21.errors = [{ instancePath: instancePath + "/launcher", schemaPath: "#/properties/launcher/enum", keyword: "enum", params: { allowedValues: schema48.properties.launcher.enum }, message: "must be equal to one of the allowed values" }];
                      return false;
                    }
                    var valid0 = _errs14 === errors;
                    if (valid0) {
                      let data7 = data.fallback;
                      const _errs16 = errors;
                      if (typeof data7 !== "string") {
                        validate21.errors = [{ instancePath: instancePath + "/fallback", schemaPath: "#/properties/fallback/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                        return false;
                      }
                      if (!(data7 === "refuse" || data7 === "sandbox")) {
                        validate21.errors = [{ instancePath: instancePath + "/fallback", schemaPath: "#/properties/fallback/enum", keyword: "enum", params: { allowedValues: schema48.properties.fallback.enum }, message: "must be equal to one of the allowed values" }];
                        return false;
                      }
                      var valid0 = _errs16 === errors;
                      if (valid0) {
                        if (data.root !== void 0) {
                          let data8 = data.root;
                          const _errs18 = errors;
                          if (errors === _errs18) {
                            if (typeof data8 === "string") {
                              if (func2(data8) > 4096) {
                                validate21.errors = [{ instancePath: instancePath + "/root", schemaPath: "#/properties/root/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" }];
                                return false;
                              } else {
                                if (!pattern4.test(data8)) {
                                  validate21.errors = [{ instancePath: instancePath + "/root", schemaPath: "#/properties/root/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' }];
                                  return false;
                                }
                              }
                            } else {
                              validate21.errors = [{ instancePath: instancePath + "/root", schemaPath: "#/properties/root/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                              return false;
                            }
                          }
                          var valid0 = _errs18 === errors;
                        } else {
                          var valid0 = true;
                        }
                        if (valid0) {
                          let data9 = data.filesystem;
                          const _errs20 = errors;
                          if (errors === _errs20) {
                            if (data9 && typeof data9 == "object" && !Array.isArray(data9)) {
                              if (data9.read === void 0) {
                                data9.read = [];
                              }
                              if (data9.write === void 0) {
                                data9.write = [];
                              }
                              if (data9.scratch === void 0) {
                                data9.scratch = [];
                              }
                              const _errs22 = errors;
                              for (const key1 in data9) {
                                if (!(key1 === "read" || key1 === "write" || key1 === "scratch")) {
                                  validate21.errors = [{ instancePath: instancePath + "/filesystem", schemaPath: "#/properties/filesystem/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key1 }, message: "must NOT have additional properties" }];
                                  return false;
                                  break;
                                }
                              }
                              if (_errs22 === errors) {
                                let data10 = data9.read;
                                const _errs23 = errors;
                                if (errors === _errs23) {
                                  if (Array.isArray(data10)) {
                                    if (data10.length > 64) {
                                      validate21.errors = [{ instancePath: instancePath + "/filesystem/read", schemaPath: "#/properties/filesystem/properties/read/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                                      return false;
                                    } else {
                                      var valid4 = true;
                                      const len1 = data10.length;
                                      for (let i2 = 0; i2 < len1; i2++) {
                                        let data11 = data10[i2];
                                        const _errs25 = errors;
                                        const _errs27 = errors;
                                        let valid6 = false;
                                        const _errs28 = errors;
                                        if (errors === _errs28) {
                                          if (typeof data11 === "string") {
                                            if (func2(data11) > 4096) {
                                              const err0 = { instancePath: instancePath + "/filesystem/read/" + i2, schemaPath: "#/$defs/mount/anyOf/0/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" };
                                              if (vErrors === null) {
                                                vErrors = [err0];
                                              } else {
                                                vErrors.push(err0);
                                              }
                                              errors++;
                                            } else {
                                              if (!pattern4.test(data11)) {
                                                const err1 = { instancePath: instancePath + "/filesystem/read/" + i2, schemaPath: "#/$defs/mount/anyOf/0/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' };
                                                if (vErrors === null) {
                                                  vErrors = [err1];
                                                } else {
                                                  vErrors.push(err1);
                                                }
                                                errors++;
                                              }
                                            }
                                          } else {
                                            const err2 = { instancePath: instancePath + "/filesystem/read/" + i2, schemaPath: "#/$defs/mount/anyOf/0/type", keyword: "type", params: { type: "string" }, message: "must be string" };
                                            if (vErrors === null) {
                                              vErrors = [err2];
                                            } else {
                                              vErrors.push(err2);
                                            }
                                            errors++;
                                          }
                                        }
                                        var _valid0 = _errs28 === errors;
                                        valid6 = valid6 || _valid0;
                                        const _errs30 = errors;
                                        if (errors === _errs30) {
                                          if (data11 && typeof data11 == "object" && !Array.isArray(data11)) {
                                            let missing1;
                                            if (data11.path === void 0 && (missing1 = "path") || data11.at === void 0 && (missing1 = "at")) {
                                              const err3 = { instancePath: instancePath + "/filesystem/read/" + i2, schemaPath: "#/$defs/mount/anyOf/1/required", keyword: "required", params: { missingProperty: missing1 }, message: "must have required property '" + missing1 + "'" };
                                              if (vErrors === null) {
                                                vErrors = [err3];
                                              } else {
                                                vErrors.push(err3);
                                              }
                                              errors++;
                                            } else {
                                              const _errs32 = errors;
                                              for (const key2 in data11) {
                                                if (!(key2 === "path" || key2 === "at")) {
                                                  const err4 = { instancePath: instancePath + "/filesystem/read/" + i2, schemaPath: "#/$defs/mount/anyOf/1/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key2 }, message: "must NOT have additional properties" };
                                                  if (vErrors === null) {
                                                    vErrors = [err4];
                                                  } else {
                                                    vErrors.push(err4);
                                                  }
                                                  errors++;
                                                  break;
                                                }
                                              }
                                              if (_errs32 === errors) {
                                                if (data11.path !== void 0) {
                                                  let data12 = data11.path;
                                                  const _errs33 = errors;
                                                  if (errors === _errs33) {
                                                    if (typeof data12 === "string") {
                                                      if (func2(data12) > 4096) {
                                                        const err5 = { instancePath: instancePath + "/filesystem/read/" + i2 + "/path", schemaPath: "#/$defs/mount/anyOf/1/properties/path/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" };
                                                        if (vErrors === null) {
                                                          vErrors = [err5];
                                                        } else {
                                                          vErrors.push(err5);
                                                        }
                                                        errors++;
                                                      } else {
                                                        if (!pattern4.test(data12)) {
                                                          const err6 = { instancePath: instancePath + "/filesystem/read/" + i2 + "/path", schemaPath: "#/$defs/mount/anyOf/1/properties/path/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' };
                                                          if (vErrors === null) {
                                                            vErrors = [err6];
                                                          } else {
                                                            vErrors.push(err6);
                                                          }
                                                          errors++;
                                                        }
                                                      }
                                                    } else {
                                                      const err7 = { instancePath: instancePath + "/filesystem/read/" + i2 + "/path", schemaPath: "#/$defs/mount/anyOf/1/properties/path/type", keyword: "type", params: { type: "string" }, message: "must be string" };
                                                      if (vErrors === null) {
                                                        vErrors = [err7];
                                                      } else {
                                                        vErrors.push(err7);
                                                      }
                                                      errors++;
                                                    }
                                                  }
                                                  var valid7 = _errs33 === errors;
                                                } else {
                                                  var valid7 = true;
                                                }
                                                if (valid7) {
                                                  if (data11.at !== void 0) {
                                                    let data13 = data11.at;
                                                    const _errs35 = errors;
                                                    if (errors === _errs35) {
                                                      if (typeof data13 === "string") {
                                                        if (func2(data13) > 4096) {
                                                          const err8 = { instancePath: instancePath + "/filesystem/read/" + i2 + "/at", schemaPath: "#/$defs/mount/anyOf/1/properties/at/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" };
                                                          if (vErrors === null) {
                                                            vErrors = [err8];
                                                          } else {
                                                            vErrors.push(err8);
                                                          }
                                                          errors++;
                                                        } else {
                                                          if (!pattern4.test(data13)) {
                                                            const err9 = { instancePath: instancePath + "/filesystem/read/" + i2 + "/at", schemaPath: "#/$defs/mount/anyOf/1/properties/at/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' };
                                                            if (vErrors === null) {
                                                              vErrors = [err9];
                                                            } else {
                                                              vErrors.push(err9);
                                                            }
                                                            errors++;
                                                          }
                                                        }
                                                      } else {
                                                        const err10 = { instancePath: instancePath + "/filesystem/read/" + i2 + "/at", schemaPath: "#/$defs/mount/anyOf/1/properties/at/type", keyword: "type", params: { type: "string" }, message: "must be string" };
                                                        if (vErrors === null) {
                                                          vErrors = [err10];
                                                        } else {
                                                          vErrors.push(err10);
                                                        }
                                                        errors++;
                                                      }
                                                    }
                                                    var valid7 = _errs35 === errors;
                                                  } else {
                                                    var valid7 = true;
                                                  }
                                                }
                                              }
                                            }
                                          } else {
                                            const err11 = { instancePath: instancePath + "/filesystem/read/" + i2, schemaPath: "#/$defs/mount/anyOf/1/type", keyword: "type", params: { type: "object" }, message: "must be object" };
                                            if (vErrors === null) {
                                              vErrors = [err11];
                                            } else {
                                              vErrors.push(err11);
                                            }
                                            errors++;
                                          }
                                        }
                                        var _valid0 = _errs30 === errors;
                                        valid6 = valid6 || _valid0;
                                        if (!valid6) {
                                          const err12 = { instancePath: instancePath + "/filesystem/read/" + i2, schemaPath: "#/$defs/mount/anyOf", keyword: "anyOf", params: {}, message: "must match a schema in anyOf" };
                                          if (vErrors === null) {
                                            vErrors = [err12];
                                          } else {
                                            vErrors.push(err12);
                                          }
                                          errors++;
                                          validate21.errors = vErrors;
                                          return false;
                                        } else {
                                          errors = _errs27;
                                          if (vErrors !== null) {
                                            if (_errs27) {
                                              vErrors.length = _errs27;
                                            } else {
                                              vErrors = null;
                                            }
                                          }
                                        }
                                        var valid4 = _errs25 === errors;
                                        if (!valid4) {
                                          break;
                                        }
                                      }
                                    }
                                  } else {
                                    validate21.errors = [{ instancePath: instancePath + "/filesystem/read", schemaPath: "#/properties/filesystem/properties/read/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                    return false;
                                  }
                                }
                                var valid3 = _errs23 === errors;
                                if (valid3) {
                                  let data14 = data9.write;
                                  const _errs37 = errors;
                                  if (errors === _errs37) {
                                    if (Array.isArray(data14)) {
                                      if (data14.length > 64) {
                                        validate21.errors = [{ instancePath: instancePath + "/filesystem/write", schemaPath: "#/properties/filesystem/properties/write/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                                        return false;
                                      } else {
                                        var valid8 = true;
                                        const len2 = data14.length;
                                        for (let i3 = 0; i3 < len2; i3++) {
                                          let data15 = data14[i3];
                                          const _errs39 = errors;
                                          const _errs41 = errors;
                                          let valid10 = false;
                                          const _errs42 = errors;
                                          if (errors === _errs42) {
                                            if (typeof data15 === "string") {
                                              if (func2(data15) > 4096) {
                                                const err13 = { instancePath: instancePath + "/filesystem/write/" + i3, schemaPath: "#/$defs/mount/anyOf/0/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" };
                                                if (vErrors === null) {
                                                  vErrors = [err13];
                                                } else {
                                                  vErrors.push(err13);
                                                }
                                                errors++;
                                              } else {
                                                if (!pattern4.test(data15)) {
                                                  const err14 = { instancePath: instancePath + "/filesystem/write/" + i3, schemaPath: "#/$defs/mount/anyOf/0/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' };
                                                  if (vErrors === null) {
                                                    vErrors = [err14];
                                                  } else {
                                                    vErrors.push(err14);
                                                  }
                                                  errors++;
                                                }
                                              }
                                            } else {
                                              const err15 = { instancePath: instancePath + "/filesystem/write/" + i3, schemaPath: "#/$defs/mount/anyOf/0/type", keyword: "type", params: { type: "string" }, message: "must be string" };
                                              if (vErrors === null) {
                                                vErrors = [err15];
                                              } else {
                                                vErrors.push(err15);
                                              }
                                              errors++;
                                            }
                                          }
                                          var _valid1 = _errs42 === errors;
                                          valid10 = valid10 || _valid1;
                                          const _errs44 = errors;
                                          if (errors === _errs44) {
                                            if (data15 && typeof data15 == "object" && !Array.isArray(data15)) {
                                              let missing2;
                                              if (data15.path === void 0 && (missing2 = "path") || data15.at === void 0 && (missing2 = "at")) {
                                                const err16 = { instancePath: instancePath + "/filesystem/write/" + i3, schemaPath: "#/$defs/mount/anyOf/1/required", keyword: "required", params: { missingProperty: missing2 }, message: "must have required property '" + missing2 + "'" };
                                                if (vErrors === null) {
                                                  vErrors = [err16];
                                                } else {
                                                  vErrors.push(err16);
                                                }
                                                errors++;
                                              } else {
                                                const _errs46 = errors;
                                                for (const key3 in data15) {
                                                  if (!(key3 === "path" || key3 === "at")) {
                                                    const err17 = { instancePath: instancePath + "/filesystem/write/" + i3, schemaPath: "#/$defs/mount/anyOf/1/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key3 }, message: "must NOT have additional properties" };
                                                    if (vErrors === null) {
                                                      vErrors = [err17];
                                                    } else {
                                                      vErrors.push(err17);
                                                    }
                                                    errors++;
                                                    break;
                                                  }
                                                }
                                                if (_errs46 === errors) {
                                                  if (data15.path !== void 0) {
                                                    let data16 = data15.path;
                                                    const _errs47 = errors;
                                                    if (errors === _errs47) {
                                                      if (typeof data16 === "string") {
                                                        if (func2(data16) > 4096) {
                                                          const err18 = { instancePath: instancePath + "/filesystem/write/" + i3 + "/path", schemaPath: "#/$defs/mount/anyOf/1/properties/path/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" };
                                                          if (vErrors === null) {
                                                            vErrors = [err18];
                                                          } else {
                                                            vErrors.push(err18);
                                                          }
                                                          errors++;
                                                        } else {
                                                          if (!pattern4.test(data16)) {
                                                            const err19 = { instancePath: instancePath + "/filesystem/write/" + i3 + "/path", schemaPath: "#/$defs/mount/anyOf/1/properties/path/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' };
                                                            if (vErrors === null) {
                                                              vErrors = [err19];
                                                            } else {
                                                              vErrors.push(err19);
                                                            }
                                                            errors++;
                                                          }
                                                        }
                                                      } else {
                                                        const err20 = { instancePath: instancePath + "/filesystem/write/" + i3 + "/path", schemaPath: "#/$defs/mount/anyOf/1/properties/path/type", keyword: "type", params: { type: "string" }, message: "must be string" };
                                                        if (vErrors === null) {
                                                          vErrors = [err20];
                                                        } else {
                                                          vErrors.push(err20);
                                                        }
                                                        errors++;
                                                      }
                                                    }
                                                    var valid11 = _errs47 === errors;
                                                  } else {
                                                    var valid11 = true;
                                                  }
                                                  if (valid11) {
                                                    if (data15.at !== void 0) {
                                                      let data17 = data15.at;
                                                      const _errs49 = errors;
                                                      if (errors === _errs49) {
                                                        if (typeof data17 === "string") {
                                                          if (func2(data17) > 4096) {
                                                            const err21 = { instancePath: instancePath + "/filesystem/write/" + i3 + "/at", schemaPath: "#/$defs/mount/anyOf/1/properties/at/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" };
                                                            if (vErrors === null) {
                                                              vErrors = [err21];
                                                            } else {
                                                              vErrors.push(err21);
                                                            }
                                                            errors++;
                                                          } else {
                                                            if (!pattern4.test(data17)) {
                                                              const err22 = { instancePath: instancePath + "/filesystem/write/" + i3 + "/at", schemaPath: "#/$defs/mount/anyOf/1/properties/at/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' };
                                                              if (vErrors === null) {
                                                                vErrors = [err22];
                                                              } else {
                                                                vErrors.push(err22);
                                                              }
                                                              errors++;
                                                            }
                                                          }
                                                        } else {
                                                          const err23 = { instancePath: instancePath + "/filesystem/write/" + i3 + "/at", schemaPath: "#/$defs/mount/anyOf/1/properties/at/type", keyword: "type", params: { type: "string" }, message: "must be string" };
                                                          if (vErrors === null) {
                                                            vErrors = [err23];
                                                          } else {
                                                            vErrors.push(err23);
                                                          }
                                                          errors++;
                                                        }
                                                      }
                                                      var valid11 = _errs49 === errors;
                                                    } else {
                                                      var valid11 = true;
                                                    }
                                                  }
                                                }
                                              }
                                            } else {
                                              const err24 = { instancePath: instancePath + "/filesystem/write/" + i3, schemaPath: "#/$defs/mount/anyOf/1/type", keyword: "type", params: { type: "object" }, message: "must be object" };
                                              if (vErrors === null) {
                                                vErrors = [err24];
                                              } else {
                                                vErrors.push(err24);
                                              }
                                              errors++;
                                            }
                                          }
                                          var _valid1 = _errs44 === errors;
                                          valid10 = valid10 || _valid1;
                                          if (!valid10) {
                                            const err25 = { instancePath: instancePath + "/filesystem/write/" + i3, schemaPath: "#/$defs/mount/anyOf", keyword: "anyOf", params: {}, message: "must match a schema in anyOf" };
                                            if (vErrors === null) {
                                              vErrors = [err25];
                                            } else {
                                              vErrors.push(err25);
                                            }
                                            errors++;
                                            validate21.errors = vErrors;
                                            return false;
                                          } else {
                                            errors = _errs41;
                                            if (vErrors !== null) {
                                              if (_errs41) {
                                                vErrors.length = _errs41;
                                              } else {
                                                vErrors = null;
                                              }
                                            }
                                          }
                                          var valid8 = _errs39 === errors;
                                          if (!valid8) {
                                            break;
                                          }
                                        }
                                      }
                                    } else {
                                      validate21.errors = [{ instancePath: instancePath + "/filesystem/write", schemaPath: "#/properties/filesystem/properties/write/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                      return false;
                                    }
                                  }
                                  var valid3 = _errs37 === errors;
                                  if (valid3) {
                                    let data18 = data9.scratch;
                                    const _errs51 = errors;
                                    if (errors === _errs51) {
                                      if (Array.isArray(data18)) {
                                        if (data18.length > 16) {
                                          validate21.errors = [{ instancePath: instancePath + "/filesystem/scratch", schemaPath: "#/properties/filesystem/properties/scratch/maxItems", keyword: "maxItems", params: { limit: 16 }, message: "must NOT have more than 16 items" }];
                                          return false;
                                        } else {
                                          var valid12 = true;
                                          const len3 = data18.length;
                                          for (let i4 = 0; i4 < len3; i4++) {
                                            let data19 = data18[i4];
                                            const _errs53 = errors;
                                            const _errs54 = errors;
                                            if (errors === _errs54) {
                                              if (typeof data19 === "string") {
                                                if (func2(data19) > 4096) {
                                                  validate21.errors = [{ instancePath: instancePath + "/filesystem/scratch/" + i4, schemaPath: "#/$defs/path/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" }];
                                                  return false;
                                                } else {
                                                  if (!pattern4.test(data19)) {
                                                    validate21.errors = [{ instancePath: instancePath + "/filesystem/scratch/" + i4, schemaPath: "#/$defs/path/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' }];
                                                    return false;
                                                  }
                                                }
                                              } else {
                                                validate21.errors = [{ instancePath: instancePath + "/filesystem/scratch/" + i4, schemaPath: "#/$defs/path/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                return false;
                                              }
                                            }
                                            var valid12 = _errs53 === errors;
                                            if (!valid12) {
                                              break;
                                            }
                                          }
                                          if (valid12) {
                                            let i5 = data18.length;
                                            let j1;
                                            if (i5 > 1) {
                                              outer0:
                                                for (; i5--; ) {
                                                  for (j1 = i5; j1--; ) {
                                                    if (func0(data18[i5], data18[j1])) {
                                                      validate21.errors = [{ instancePath: instancePath + "/filesystem/scratch", schemaPath: "#/properties/filesystem/properties/scratch/uniqueItems", keyword: "uniqueItems", params: { i: i5, j: j1 }, message: "must NOT have duplicate items (items ## " + j1 + " and " + i5 + " are identical)" }];
                                                      return false;
                                                      break outer0;
                                                    }
                                                  }
                                                }
                                            }
                                          }
                                        }
                                      } else {
                                        validate21.errors = [{ instancePath: instancePath + "/filesystem/scratch", schemaPath: "#/properties/filesystem/properties/scratch/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                        return false;
                                      }
                                    }
                                    var valid3 = _errs51 === errors;
                                  }
                                }
                              }
                            } else {
                              validate21.errors = [{ instancePath: instancePath + "/filesystem", schemaPath: "#/properties/filesystem/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                              return false;
                            }
                          }
                          var valid0 = _errs20 === errors;
                          if (valid0) {
                            let data20 = data.network;
                            const _errs56 = errors;
                            if (typeof data20 !== "string") {
                              validate21.errors = [{ instancePath: instancePath + "/network", schemaPath: "#/properties/network/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                              return false;
                            }
                            if (!(data20 === "none" || data20 === "loopback" || data20 === "host")) {
                              validate21.errors = [{ instancePath: instancePath + "/network", schemaPath: "#/properties/network/enum", keyword: "enum", params: { allowedValues: schema48.properties.network.enum }, message: "must be equal to one of the allowed values" }];
                              return false;
                            }
                            var valid0 = _errs56 === errors;
                            if (valid0) {
                              let data21 = data.capabilities;
                              const _errs58 = errors;
                              if (errors === _errs58) {
                                if (Array.isArray(data21)) {
                                  if (data21.length > 41) {
                                    validate21.errors = [{ instancePath: instancePath + "/capabilities", schemaPath: "#/properties/capabilities/maxItems", keyword: "maxItems", params: { limit: 41 }, message: "must NOT have more than 41 items" }];
                                    return false;
                                  } else {
                                    var valid15 = true;
                                    const len4 = data21.length;
                                    for (let i6 = 0; i6 < len4; i6++) {
                                      let data22 = data21[i6];
                                      const _errs60 = errors;
                                      if (errors === _errs60) {
                                        if (typeof data22 === "string") {
                                          if (!pattern33.test(data22)) {
                                            validate21.errors = [{ instancePath: instancePath + "/capabilities/" + i6, schemaPath: "#/properties/capabilities/items/pattern", keyword: "pattern", params: { pattern: "^CAP_[A-Z_]{1,32}$" }, message: 'must match pattern "^CAP_[A-Z_]{1,32}$"' }];
                                            return false;
                                          }
                                        } else {
                                          validate21.errors = [{ instancePath: instancePath + "/capabilities/" + i6, schemaPath: "#/properties/capabilities/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                          return false;
                                        }
                                      }
                                      var valid15 = _errs60 === errors;
                                      if (!valid15) {
                                        break;
                                      }
                                    }
                                    if (valid15) {
                                      let i7 = data21.length;
                                      let j2;
                                      if (i7 > 1) {
                                        const indices1 = {};
                                        for (; i7--; ) {
                                          let item1 = data21[i7];
                                          if (typeof item1 !== "string") {
                                            continue;
                                          }
                                          if (typeof indices1[item1] == "number") {
                                            j2 = indices1[item1];
                                            validate21.errors = [{ instancePath: instancePath + "/capabilities", schemaPath: "#/properties/capabilities/uniqueItems", keyword: "uniqueItems", params: { i: i7, j: j2 }, message: "must NOT have duplicate items (items ## " + j2 + " and " + i7 + " are identical)" }];
                                            return false;
                                            break;
                                          }
                                          indices1[item1] = i7;
                                        }
                                      }
                                    }
                                  }
                                } else {
                                  validate21.errors = [{ instancePath: instancePath + "/capabilities", schemaPath: "#/properties/capabilities/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                  return false;
                                }
                              }
                              var valid0 = _errs58 === errors;
                              if (valid0) {
                                let data23 = data.devices;
                                const _errs62 = errors;
                                if (errors === _errs62) {
                                  if (Array.isArray(data23)) {
                                    if (data23.length > 32) {
                                      validate21.errors = [{ instancePath: instancePath + "/devices", schemaPath: "#/properties/devices/maxItems", keyword: "maxItems", params: { limit: 32 }, message: "must NOT have more than 32 items" }];
                                      return false;
                                    } else {
                                      var valid17 = true;
                                      const len5 = data23.length;
                                      for (let i8 = 0; i8 < len5; i8++) {
                                        let data24 = data23[i8];
                                        const _errs64 = errors;
                                        if (errors === _errs64) {
                                          if (typeof data24 === "string") {
                                            if (!pattern34.test(data24)) {
                                              validate21.errors = [{ instancePath: instancePath + "/devices/" + i8, schemaPath: "#/properties/devices/items/pattern", keyword: "pattern", params: { pattern: "^/dev/[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,200}$" }, message: 'must match pattern "^/dev/[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,200}$"' }];
                                              return false;
                                            }
                                          } else {
                                            validate21.errors = [{ instancePath: instancePath + "/devices/" + i8, schemaPath: "#/properties/devices/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                            return false;
                                          }
                                        }
                                        var valid17 = _errs64 === errors;
                                        if (!valid17) {
                                          break;
                                        }
                                      }
                                      if (valid17) {
                                        let i9 = data23.length;
                                        let j3;
                                        if (i9 > 1) {
                                          const indices2 = {};
                                          for (; i9--; ) {
                                            let item2 = data23[i9];
                                            if (typeof item2 !== "string") {
                                              continue;
                                            }
                                            if (typeof indices2[item2] == "number") {
                                              j3 = indices2[item2];
                                              validate21.errors = [{ instancePath: instancePath + "/devices", schemaPath: "#/properties/devices/uniqueItems", keyword: "uniqueItems", params: { i: i9, j: j3 }, message: "must NOT have duplicate items (items ## " + j3 + " and " + i9 + " are identical)" }];
                                              return false;
                                              break;
                                            }
                                            indices2[item2] = i9;
                                          }
                                        }
                                      }
                                    }
                                  } else {
                                    validate21.errors = [{ instancePath: instancePath + "/devices", schemaPath: "#/properties/devices/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                    return false;
                                  }
                                }
                                var valid0 = _errs62 === errors;
                                if (valid0) {
                                  let data25 = data.syscalls;
                                  const _errs66 = errors;
                                  if (errors === _errs66) {
                                    if (data25 && typeof data25 == "object" && !Array.isArray(data25)) {
                                      if (data25.filter === void 0) {
                                        data25.filter = "default";
                                      }
                                      if (data25.allow === void 0) {
                                        data25.allow = [];
                                      }
                                      if (data25.sockets === void 0) {
                                        data25.sockets = [];
                                      }
                                      const _errs68 = errors;
                                      for (const key4 in data25) {
                                        if (!(key4 === "filter" || key4 === "allow" || key4 === "sockets")) {
                                          validate21.errors = [{ instancePath: instancePath + "/syscalls", schemaPath: "#/properties/syscalls/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key4 }, message: "must NOT have additional properties" }];
                                          return false;
                                          break;
                                        }
                                      }
                                      if (_errs68 === errors) {
                                        let data26 = data25.filter;
                                        const _errs69 = errors;
                                        if (typeof data26 !== "string") {
                                          validate21.errors = [{ instancePath: instancePath + "/syscalls/filter", schemaPath: "#/properties/syscalls/properties/filter/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                          return false;
                                        }
                                        if (!(data26 === "default" || data26 === "strict")) {
                                          validate21.errors = [{ instancePath: instancePath + "/syscalls/filter", schemaPath: "#/properties/syscalls/properties/filter/enum", keyword: "enum", params: { allowedValues: schema48.properties.syscalls.properties.filter.enum }, message: "must be equal to one of the allowed values" }];
                                          return false;
                                        }
                                        var valid19 = _errs69 === errors;
                                        if (valid19) {
                                          let data27 = data25.allow;
                                          const _errs71 = errors;
                                          if (errors === _errs71) {
                                            if (Array.isArray(data27)) {
                                              if (data27.length > 64) {
                                                validate21.errors = [{ instancePath: instancePath + "/syscalls/allow", schemaPath: "#/properties/syscalls/properties/allow/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                                                return false;
                                              } else {
                                                var valid20 = true;
                                                const len6 = data27.length;
                                                for (let i10 = 0; i10 < len6; i10++) {
                                                  let data28 = data27[i10];
                                                  const _errs73 = errors;
                                                  if (errors === _errs73) {
                                                    if (typeof data28 === "string") {
                                                      if (!pattern35.test(data28)) {
                                                        validate21.errors = [{ instancePath: instancePath + "/syscalls/allow/" + i10, schemaPath: "#/properties/syscalls/properties/allow/items/pattern", keyword: "pattern", params: { pattern: "^[a-z_][a-z0-9_]{0,63}$" }, message: 'must match pattern "^[a-z_][a-z0-9_]{0,63}$"' }];
                                                        return false;
                                                      }
                                                    } else {
                                                      validate21.errors = [{ instancePath: instancePath + "/syscalls/allow/" + i10, schemaPath: "#/properties/syscalls/properties/allow/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                      return false;
                                                    }
                                                  }
                                                  var valid20 = _errs73 === errors;
                                                  if (!valid20) {
                                                    break;
                                                  }
                                                }
                                                if (valid20) {
                                                  let i11 = data27.length;
                                                  let j4;
                                                  if (i11 > 1) {
                                                    const indices3 = {};
                                                    for (; i11--; ) {
                                                      let item3 = data27[i11];
                                                      if (typeof item3 !== "string") {
                                                        continue;
                                                      }
                                                      if (typeof indices3[item3] == "number") {
                                                        j4 = indices3[item3];
                                                        validate21.errors = [{ instancePath: instancePath + "/syscalls/allow", schemaPath: "#/properties/syscalls/properties/allow/uniqueItems", keyword: "uniqueItems", params: { i: i11, j: j4 }, message: "must NOT have duplicate items (items ## " + j4 + " and " + i11 + " are identical)" }];
                                                        return false;
                                                        break;
                                                      }
                                                      indices3[item3] = i11;
                                                    }
                                                  }
                                                }
                                              }
                                            } else {
                                              validate21.errors = [{ instancePath: instancePath + "/syscalls/allow", schemaPath: "#/properties/syscalls/properties/allow/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                              return false;
                                            }
                                          }
                                          var valid19 = _errs71 === errors;
                                          if (valid19) {
                                            let data29 = data25.sockets;
                                            const _errs75 = errors;
                                            if (errors === _errs75) {
                                              if (Array.isArray(data29)) {
                                                if (data29.length > 3) {
                                                  validate21.errors = [{ instancePath: instancePath + "/syscalls/sockets", schemaPath: "#/properties/syscalls/properties/sockets/maxItems", keyword: "maxItems", params: { limit: 3 }, message: "must NOT have more than 3 items" }];
                                                  return false;
                                                } else {
                                                  var valid22 = true;
                                                  const len7 = data29.length;
                                                  for (let i12 = 0; i12 < len7; i12++) {
                                                    let data30 = data29[i12];
                                                    const _errs77 = errors;
                                                    if (typeof data30 !== "string") {
                                                      validate21.errors = [{ instancePath: instancePath + "/syscalls/sockets/" + i12, schemaPath: "#/properties/syscalls/properties/sockets/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                      return false;
                                                    }
                                                    if (!(data30 === "netlink" || data30 === "packet" || data30 === "vsock")) {
                                                      validate21.errors = [{ instancePath: instancePath + "/syscalls/sockets/" + i12, schemaPath: "#/properties/syscalls/properties/sockets/items/enum", keyword: "enum", params: { allowedValues: schema48.properties.syscalls.properties.sockets.items.enum }, message: "must be equal to one of the allowed values" }];
                                                      return false;
                                                    }
                                                    var valid22 = _errs77 === errors;
                                                    if (!valid22) {
                                                      break;
                                                    }
                                                  }
                                                  if (valid22) {
                                                    let i13 = data29.length;
                                                    let j5;
                                                    if (i13 > 1) {
                                                      const indices4 = {};
                                                      for (; i13--; ) {
                                                        let item4 = data29[i13];
                                                        if (typeof item4 !== "string") {
                                                          continue;
                                                        }
                                                        if (typeof indices4[item4] == "number") {
                                                          j5 = indices4[item4];
                                                          validate21.errors = [{ instancePath: instancePath + "/syscalls/sockets", schemaPath: "#/properties/syscalls/properties/sockets/uniqueItems", keyword: "uniqueItems", params: { i: i13, j: j5 }, message: "must NOT have duplicate items (items ## " + j5 + " and " + i13 + " are identical)" }];
                                                          return false;
                                                          break;
                                                        }
                                                        indices4[item4] = i13;
                                                      }
                                                    }
                                                  }
                                                }
                                              } else {
                                                validate21.errors = [{ instancePath: instancePath + "/syscalls/sockets", schemaPath: "#/properties/syscalls/properties/sockets/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                                return false;
                                              }
                                            }
                                            var valid19 = _errs75 === errors;
                                          }
                                        }
                                      }
                                    } else {
                                      validate21.errors = [{ instancePath: instancePath + "/syscalls", schemaPath: "#/properties/syscalls/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                      return false;
                                    }
                                  }
                                  var valid0 = _errs66 === errors;
                                  if (valid0) {
                                    let data31 = data.limits;
                                    const _errs79 = errors;
                                    if (errors === _errs79) {
                                      if (data31 && typeof data31 == "object" && !Array.isArray(data31)) {
                                        if (data31.wall_ms === void 0) {
                                          data31.wall_ms = 6e5;
                                        }
                                        if (data31.idle_ms === void 0) {
                                          data31.idle_ms = null;
                                        }
                                        if (data31.cpu_seconds === void 0) {
                                          data31.cpu_seconds = 600;
                                        }
                                        if (data31.address_space_bytes === void 0) {
                                          data31.address_space_bytes = null;
                                        }
                                        if (data31.data_bytes === void 0) {
                                          data31.data_bytes = 1073741824;
                                        }
                                        if (data31.memory_bytes === void 0) {
                                          data31.memory_bytes = 1073741824;
                                        }
                                        if (data31.cpu_percent === void 0) {
                                          data31.cpu_percent = null;
                                        }
                                        if (data31.processes === void 0) {
                                          data31.processes = 64;
                                        }
                                        if (data31.open_files === void 0) {
                                          data31.open_files = 256;
                                        }
                                        if (data31.file_bytes === void 0) {
                                          data31.file_bytes = 67108864;
                                        }
                                        if (data31.output_bytes === void 0) {
                                          data31.output_bytes = 10485760;
                                        }
                                        if (data31.stream_bytes === void 0) {
                                          data31.stream_bytes = 1073741824;
                                        }
                                        if (data31.term_grace_ms === void 0) {
                                          data31.term_grace_ms = 2e3;
                                        }
                                        if (data31.scratch_bytes === void 0) {
                                          data31.scratch_bytes = 16777216;
                                        }
                                        const _errs81 = errors;
                                        for (const key5 in data31) {
                                          if (!func1.call(schema48.properties.limits.properties, key5)) {
                                            validate21.errors = [{ instancePath: instancePath + "/limits", schemaPath: "#/properties/limits/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key5 }, message: "must NOT have additional properties" }];
                                            return false;
                                            break;
                                          }
                                        }
                                        if (_errs81 === errors) {
                                          let data32 = data31.wall_ms;
                                          const _errs82 = errors;
                                          if (!(typeof data32 == "number" && (!(data32 % 1) && !isNaN(data32)) && isFinite(data32))) {
                                            validate21.errors = [{ instancePath: instancePath + "/limits/wall_ms", schemaPath: "#/properties/limits/properties/wall_ms/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                            return false;
                                          }
                                          if (errors === _errs82) {
                                            if (typeof data32 == "number" && isFinite(data32)) {
                                              if (data32 > 864e5 || isNaN(data32)) {
                                                validate21.errors = [{ instancePath: instancePath + "/limits/wall_ms", schemaPath: "#/properties/limits/properties/wall_ms/maximum", keyword: "maximum", params: { comparison: "<=", limit: 864e5 }, message: "must be <= 86400000" }];
                                                return false;
                                              } else {
                                                if (data32 < 10 || isNaN(data32)) {
                                                  validate21.errors = [{ instancePath: instancePath + "/limits/wall_ms", schemaPath: "#/properties/limits/properties/wall_ms/minimum", keyword: "minimum", params: { comparison: ">=", limit: 10 }, message: "must be >= 10" }];
                                                  return false;
                                                }
                                              }
                                            }
                                          }
                                          var valid24 = _errs82 === errors;
                                          if (valid24) {
                                            let data33 = data31.idle_ms;
                                            const _errs84 = errors;
                                            if (!(typeof data33 == "number" && (!(data33 % 1) && !isNaN(data33)) && isFinite(data33)) && data33 !== null) {
                                              validate21.errors = [{ instancePath: instancePath + "/limits/idle_ms", schemaPath: "#/properties/limits/properties/idle_ms/type", keyword: "type", params: { type: schema48.properties.limits.properties.idle_ms.type }, message: "must be integer,null" }];
                                              return false;
                                            }
                                            if (errors === _errs84) {
                                              if (typeof data33 == "number" && isFinite(data33)) {
                                                if (data33 > 864e5 || isNaN(data33)) {
                                                  validate21.errors = [{ instancePath: instancePath + "/limits/idle_ms", schemaPath: "#/properties/limits/properties/idle_ms/maximum", keyword: "maximum", params: { comparison: "<=", limit: 864e5 }, message: "must be <= 86400000" }];
                                                  return false;
                                                } else {
                                                  if (data33 < 10 || isNaN(data33)) {
                                                    validate21.errors = [{ instancePath: instancePath + "/limits/idle_ms", schemaPath: "#/properties/limits/properties/idle_ms/minimum", keyword: "minimum", params: { comparison: ">=", limit: 10 }, message: "must be >= 10" }];
                                                    return false;
                                                  }
                                                }
                                              }
                                            }
                                            var valid24 = _errs84 === errors;
                                            if (valid24) {
                                              let data34 = data31.cpu_seconds;
                                              const _errs86 = errors;
                                              if (!(typeof data34 == "number" && (!(data34 % 1) && !isNaN(data34)) && isFinite(data34))) {
                                                validate21.errors = [{ instancePath: instancePath + "/limits/cpu_seconds", schemaPath: "#/properties/limits/properties/cpu_seconds/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                return false;
                                              }
                                              if (errors === _errs86) {
                                                if (typeof data34 == "number" && isFinite(data34)) {
                                                  if (data34 > 86400 || isNaN(data34)) {
                                                    validate21.errors = [{ instancePath: instancePath + "/limits/cpu_seconds", schemaPath: "#/properties/limits/properties/cpu_seconds/maximum", keyword: "maximum", params: { comparison: "<=", limit: 86400 }, message: "must be <= 86400" }];
                                                    return false;
                                                  } else {
                                                    if (data34 < 1 || isNaN(data34)) {
                                                      validate21.errors = [{ instancePath: instancePath + "/limits/cpu_seconds", schemaPath: "#/properties/limits/properties/cpu_seconds/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                      return false;
                                                    }
                                                  }
                                                }
                                              }
                                              var valid24 = _errs86 === errors;
                                              if (valid24) {
                                                let data35 = data31.address_space_bytes;
                                                const _errs88 = errors;
                                                if (!(typeof data35 == "number" && (!(data35 % 1) && !isNaN(data35)) && isFinite(data35)) && data35 !== null) {
                                                  validate21.errors = [{ instancePath: instancePath + "/limits/address_space_bytes", schemaPath: "#/properties/limits/properties/address_space_bytes/type", keyword: "type", params: { type: schema48.properties.limits.properties.address_space_bytes.type }, message: "must be integer,null" }];
                                                  return false;
                                                }
                                                if (errors === _errs88) {
                                                  if (typeof data35 == "number" && isFinite(data35)) {
                                                    if (data35 > 1099511627776 || isNaN(data35)) {
                                                      validate21.errors = [{ instancePath: instancePath + "/limits/address_space_bytes", schemaPath: "#/properties/limits/properties/address_space_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1099511627776 }, message: "must be <= 1099511627776" }];
                                                      return false;
                                                    } else {
                                                      if (data35 < 1048576 || isNaN(data35)) {
                                                        validate21.errors = [{ instancePath: instancePath + "/limits/address_space_bytes", schemaPath: "#/properties/limits/properties/address_space_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1048576 }, message: "must be >= 1048576" }];
                                                        return false;
                                                      }
                                                    }
                                                  }
                                                }
                                                var valid24 = _errs88 === errors;
                                                if (valid24) {
                                                  let data36 = data31.data_bytes;
                                                  const _errs90 = errors;
                                                  if (!(typeof data36 == "number" && (!(data36 % 1) && !isNaN(data36)) && isFinite(data36)) && data36 !== null) {
                                                    validate21.errors = [{ instancePath: instancePath + "/limits/data_bytes", schemaPath: "#/properties/limits/properties/data_bytes/type", keyword: "type", params: { type: schema48.properties.limits.properties.data_bytes.type }, message: "must be integer,null" }];
                                                    return false;
                                                  }
                                                  if (errors === _errs90) {
                                                    if (typeof data36 == "number" && isFinite(data36)) {
                                                      if (data36 > 1099511627776 || isNaN(data36)) {
                                                        validate21.errors = [{ instancePath: instancePath + "/limits/data_bytes", schemaPath: "#/properties/limits/properties/data_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1099511627776 }, message: "must be <= 1099511627776" }];
                                                        return false;
                                                      } else {
                                                        if (data36 < 1048576 || isNaN(data36)) {
                                                          validate21.errors = [{ instancePath: instancePath + "/limits/data_bytes", schemaPath: "#/properties/limits/properties/data_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1048576 }, message: "must be >= 1048576" }];
                                                          return false;
                                                        }
                                                      }
                                                    }
                                                  }
                                                  var valid24 = _errs90 === errors;
                                                  if (valid24) {
                                                    let data37 = data31.memory_bytes;
                                                    const _errs92 = errors;
                                                    if (!(typeof data37 == "number" && (!(data37 % 1) && !isNaN(data37)) && isFinite(data37))) {
                                                      validate21.errors = [{ instancePath: instancePath + "/limits/memory_bytes", schemaPath: "#/properties/limits/properties/memory_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                      return false;
                                                    }
                                                    if (errors === _errs92) {
                                                      if (typeof data37 == "number" && isFinite(data37)) {
                                                        if (data37 > 1099511627776 || isNaN(data37)) {
                                                          validate21.errors = [{ instancePath: instancePath + "/limits/memory_bytes", schemaPath: "#/properties/limits/properties/memory_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1099511627776 }, message: "must be <= 1099511627776" }];
                                                          return false;
                                                        } else {
                                                          if (data37 < 16777216 || isNaN(data37)) {
                                                            validate21.errors = [{ instancePath: instancePath + "/limits/memory_bytes", schemaPath: "#/properties/limits/properties/memory_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 16777216 }, message: "must be >= 16777216" }];
                                                            return false;
                                                          }
                                                        }
                                                      }
                                                    }
                                                    var valid24 = _errs92 === errors;
                                                    if (valid24) {
                                                      let data38 = data31.cpu_percent;
                                                      const _errs94 = errors;
                                                      if (!(typeof data38 == "number" && (!(data38 % 1) && !isNaN(data38)) && isFinite(data38)) && data38 !== null) {
                                                        validate21.errors = [{ instancePath: instancePath + "/limits/cpu_percent", schemaPath: "#/properties/limits/properties/cpu_percent/type", keyword: "type", params: { type: schema48.properties.limits.properties.cpu_percent.type }, message: "must be integer,null" }];
                                                        return false;
                                                      }
                                                      if (errors === _errs94) {
                                                        if (typeof data38 == "number" && isFinite(data38)) {
                                                          if (data38 > 102400 || isNaN(data38)) {
                                                            validate21.errors = [{ instancePath: instancePath + "/limits/cpu_percent", schemaPath: "#/properties/limits/properties/cpu_percent/maximum", keyword: "maximum", params: { comparison: "<=", limit: 102400 }, message: "must be <= 102400" }];
                                                            return false;
                                                          } else {
                                                            if (data38 < 1 || isNaN(data38)) {
                                                              validate21.errors = [{ instancePath: instancePath + "/limits/cpu_percent", schemaPath: "#/properties/limits/properties/cpu_percent/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                              return false;
                                                            }
                                                          }
                                                        }
                                                      }
                                                      var valid24 = _errs94 === errors;
                                                      if (valid24) {
                                                        let data39 = data31.processes;
                                                        const _errs96 = errors;
                                                        if (!(typeof data39 == "number" && (!(data39 % 1) && !isNaN(data39)) && isFinite(data39))) {
                                                          validate21.errors = [{ instancePath: instancePath + "/limits/processes", schemaPath: "#/properties/limits/properties/processes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                          return false;
                                                        }
                                                        if (errors === _errs96) {
                                                          if (typeof data39 == "number" && isFinite(data39)) {
                                                            if (data39 > 32768 || isNaN(data39)) {
                                                              validate21.errors = [{ instancePath: instancePath + "/limits/processes", schemaPath: "#/properties/limits/properties/processes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 32768 }, message: "must be <= 32768" }];
                                                              return false;
                                                            } else {
                                                              if (data39 < 1 || isNaN(data39)) {
                                                                validate21.errors = [{ instancePath: instancePath + "/limits/processes", schemaPath: "#/properties/limits/properties/processes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                                return false;
                                                              }
                                                            }
                                                          }
                                                        }
                                                        var valid24 = _errs96 === errors;
                                                        if (valid24) {
                                                          let data40 = data31.open_files;
                                                          const _errs98 = errors;
                                                          if (!(typeof data40 == "number" && (!(data40 % 1) && !isNaN(data40)) && isFinite(data40))) {
                                                            validate21.errors = [{ instancePath: instancePath + "/limits/open_files", schemaPath: "#/properties/limits/properties/open_files/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                            return false;
                                                          }
                                                          if (errors === _errs98) {
                                                            if (typeof data40 == "number" && isFinite(data40)) {
                                                              if (data40 > 65536 || isNaN(data40)) {
                                                                validate21.errors = [{ instancePath: instancePath + "/limits/open_files", schemaPath: "#/properties/limits/properties/open_files/maximum", keyword: "maximum", params: { comparison: "<=", limit: 65536 }, message: "must be <= 65536" }];
                                                                return false;
                                                              } else {
                                                                if (data40 < 8 || isNaN(data40)) {
                                                                  validate21.errors = [{ instancePath: instancePath + "/limits/open_files", schemaPath: "#/properties/limits/properties/open_files/minimum", keyword: "minimum", params: { comparison: ">=", limit: 8 }, message: "must be >= 8" }];
                                                                  return false;
                                                                }
                                                              }
                                                            }
                                                          }
                                                          var valid24 = _errs98 === errors;
                                                          if (valid24) {
                                                            let data41 = data31.file_bytes;
                                                            const _errs100 = errors;
                                                            if (!(typeof data41 == "number" && (!(data41 % 1) && !isNaN(data41)) && isFinite(data41))) {
                                                              validate21.errors = [{ instancePath: instancePath + "/limits/file_bytes", schemaPath: "#/properties/limits/properties/file_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                              return false;
                                                            }
                                                            if (errors === _errs100) {
                                                              if (typeof data41 == "number" && isFinite(data41)) {
                                                                if (data41 > 1099511627776 || isNaN(data41)) {
                                                                  validate21.errors = [{ instancePath: instancePath + "/limits/file_bytes", schemaPath: "#/properties/limits/properties/file_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1099511627776 }, message: "must be <= 1099511627776" }];
                                                                  return false;
                                                                } else {
                                                                  if (data41 < 0 || isNaN(data41)) {
                                                                    validate21.errors = [{ instancePath: instancePath + "/limits/file_bytes", schemaPath: "#/properties/limits/properties/file_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                                                    return false;
                                                                  }
                                                                }
                                                              }
                                                            }
                                                            var valid24 = _errs100 === errors;
                                                            if (valid24) {
                                                              let data42 = data31.output_bytes;
                                                              const _errs102 = errors;
                                                              if (!(typeof data42 == "number" && (!(data42 % 1) && !isNaN(data42)) && isFinite(data42))) {
                                                                validate21.errors = [{ instancePath: instancePath + "/limits/output_bytes", schemaPath: "#/properties/limits/properties/output_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                return false;
                                                              }
                                                              if (errors === _errs102) {
                                                                if (typeof data42 == "number" && isFinite(data42)) {
                                                                  if (data42 > 1073741824 || isNaN(data42)) {
                                                                    validate21.errors = [{ instancePath: instancePath + "/limits/output_bytes", schemaPath: "#/properties/limits/properties/output_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1073741824 }, message: "must be <= 1073741824" }];
                                                                    return false;
                                                                  } else {
                                                                    if (data42 < 1024 || isNaN(data42)) {
                                                                      validate21.errors = [{ instancePath: instancePath + "/limits/output_bytes", schemaPath: "#/properties/limits/properties/output_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1024 }, message: "must be >= 1024" }];
                                                                      return false;
                                                                    }
                                                                  }
                                                                }
                                                              }
                                                              var valid24 = _errs102 === errors;
                                                              if (valid24) {
                                                                let data43 = data31.stream_bytes;
                                                                const _errs104 = errors;
                                                                if (!(typeof data43 == "number" && (!(data43 % 1) && !isNaN(data43)) && isFinite(data43))) {
                                                                  validate21.errors = [{ instancePath: instancePath + "/limits/stream_bytes", schemaPath: "#/properties/limits/properties/stream_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                  return false;
                                                                }
                                                                if (errors === _errs104) {
                                                                  if (typeof data43 == "number" && isFinite(data43)) {
                                                                    if (data43 > 1099511627776 || isNaN(data43)) {
                                                                      validate21.errors = [{ instancePath: instancePath + "/limits/stream_bytes", schemaPath: "#/properties/limits/properties/stream_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1099511627776 }, message: "must be <= 1099511627776" }];
                                                                      return false;
                                                                    } else {
                                                                      if (data43 < 1024 || isNaN(data43)) {
                                                                        validate21.errors = [{ instancePath: instancePath + "/limits/stream_bytes", schemaPath: "#/properties/limits/properties/stream_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1024 }, message: "must be >= 1024" }];
                                                                        return false;
                                                                      }
                                                                    }
                                                                  }
                                                                }
                                                                var valid24 = _errs104 === errors;
                                                                if (valid24) {
                                                                  let data44 = data31.term_grace_ms;
                                                                  const _errs106 = errors;
                                                                  if (!(typeof data44 == "number" && (!(data44 % 1) && !isNaN(data44)) && isFinite(data44))) {
                                                                    validate21.errors = [{ instancePath: instancePath + "/limits/term_grace_ms", schemaPath: "#/properties/limits/properties/term_grace_ms/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                    return false;
                                                                  }
                                                                  if (errors === _errs106) {
                                                                    if (typeof data44 == "number" && isFinite(data44)) {
                                                                      if (data44 > 6e4 || isNaN(data44)) {
                                                                        validate21.errors = [{ instancePath: instancePath + "/limits/term_grace_ms", schemaPath: "#/properties/limits/properties/term_grace_ms/maximum", keyword: "maximum", params: { comparison: "<=", limit: 6e4 }, message: "must be <= 60000" }];
                                                                        return false;
                                                                      } else {
                                                                        if (data44 < 0 || isNaN(data44)) {
                                                                          validate21.errors = [{ instancePath: instancePath + "/limits/term_grace_ms", schemaPath: "#/properties/limits/properties/term_grace_ms/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                                                          return false;
                                                                        }
                                                                      }
                                                                    }
                                                                  }
                                                                  var valid24 = _errs106 === errors;
                                                                  if (valid24) {
                                                                    let data45 = data31.scratch_bytes;
                                                                    const _errs108 = errors;
                                                                    if (!(typeof data45 == "number" && (!(data45 % 1) && !isNaN(data45)) && isFinite(data45))) {
                                                                      validate21.errors = [{ instancePath: instancePath + "/limits/scratch_bytes", schemaPath: "#/properties/limits/properties/scratch_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                      return false;
                                                                    }
                                                                    if (errors === _errs108) {
                                                                      if (typeof data45 == "number" && isFinite(data45)) {
                                                                        if (data45 > 1073741824 || isNaN(data45)) {
                                                                          validate21.errors = [{ instancePath: instancePath + "/limits/scratch_bytes", schemaPath: "#/properties/limits/properties/scratch_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1073741824 }, message: "must be <= 1073741824" }];
                                                                          return false;
                                                                        } else {
                                                                          if (data45 < 4096 || isNaN(data45)) {
                                                                            validate21.errors = [{ instancePath: instancePath + "/limits/scratch_bytes", schemaPath: "#/properties/limits/properties/scratch_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 4096 }, message: "must be >= 4096" }];
                                                                            return false;
                                                                          }
                                                                        }
                                                                      }
                                                                    }
                                                                    var valid24 = _errs108 === errors;
                                                                  }
                                                                }
                                                              }
                                                            }
                                                          }
                                                        }
                                                      }
                                                    }
                                                  }
                                                }
                                              }
                                            }
                                          }
                                        }
                                      } else {
                                        validate21.errors = [{ instancePath: instancePath + "/limits", schemaPath: "#/properties/limits/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                        return false;
                                      }
                                    }
                                    var valid0 = _errs79 === errors;
                                    if (valid0) {
                                      let data46 = data.mode;
                                      const _errs110 = errors;
                                      if (typeof data46 !== "string") {
                                        validate21.errors = [{ instancePath: instancePath + "/mode", schemaPath: "#/properties/mode/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                        return false;
                                      }
                                      if (!(data46 === "oneshot" || data46 === "persistent")) {
                                        validate21.errors = [{ instancePath: instancePath + "/mode", schemaPath: "#/properties/mode/enum", keyword: "enum", params: { allowedValues: schema48.properties.mode.enum }, message: "must be equal to one of the allowed values" }];
                                        return false;
                                      }
                                      var valid0 = _errs110 === errors;
                                      if (valid0) {
                                        if (data.prestart !== void 0) {
                                          let data47 = data.prestart;
                                          const _errs112 = errors;
                                          const _errs113 = errors;
                                          let valid25 = false;
                                          const _errs114 = errors;
                                          if (!(typeof data47 == "number" && (!(data47 % 1) && !isNaN(data47)) && isFinite(data47))) {
                                            const err26 = { instancePath: instancePath + "/prestart", schemaPath: "#/properties/prestart/anyOf/0/type", keyword: "type", params: { type: "integer" }, message: "must be integer" };
                                            if (vErrors === null) {
                                              vErrors = [err26];
                                            } else {
                                              vErrors.push(err26);
                                            }
                                            errors++;
                                          }
                                          if (errors === _errs114) {
                                            if (typeof data47 == "number" && isFinite(data47)) {
                                              if (data47 > 64 || isNaN(data47)) {
                                                const err27 = { instancePath: instancePath + "/prestart", schemaPath: "#/properties/prestart/anyOf/0/maximum", keyword: "maximum", params: { comparison: "<=", limit: 64 }, message: "must be <= 64" };
                                                if (vErrors === null) {
                                                  vErrors = [err27];
                                                } else {
                                                  vErrors.push(err27);
                                                }
                                                errors++;
                                              } else {
                                                if (data47 < 1 || isNaN(data47)) {
                                                  const err28 = { instancePath: instancePath + "/prestart", schemaPath: "#/properties/prestart/anyOf/0/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" };
                                                  if (vErrors === null) {
                                                    vErrors = [err28];
                                                  } else {
                                                    vErrors.push(err28);
                                                  }
                                                  errors++;
                                                }
                                              }
                                            }
                                          }
                                          var _valid2 = _errs114 === errors;
                                          valid25 = valid25 || _valid2;
                                          const _errs116 = errors;
                                          if (errors === _errs116) {
                                            if (data47 && typeof data47 == "object" && !Array.isArray(data47)) {
                                              let missing3;
                                              if (data47.min === void 0 && (missing3 = "min") || data47.max === void 0 && (missing3 = "max")) {
                                                const err29 = { instancePath: instancePath + "/prestart", schemaPath: "#/properties/prestart/anyOf/1/required", keyword: "required", params: { missingProperty: missing3 }, message: "must have required property '" + missing3 + "'" };
                                                if (vErrors === null) {
                                                  vErrors = [err29];
                                                } else {
                                                  vErrors.push(err29);
                                                }
                                                errors++;
                                              } else {
                                                const _errs118 = errors;
                                                for (const key6 in data47) {
                                                  if (!(key6 === "min" || key6 === "max")) {
                                                    const err30 = { instancePath: instancePath + "/prestart", schemaPath: "#/properties/prestart/anyOf/1/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key6 }, message: "must NOT have additional properties" };
                                                    if (vErrors === null) {
                                                      vErrors = [err30];
                                                    } else {
                                                      vErrors.push(err30);
                                                    }
                                                    errors++;
                                                    break;
                                                  }
                                                }
                                                if (_errs118 === errors) {
                                                  if (data47.min !== void 0) {
                                                    let data48 = data47.min;
                                                    const _errs119 = errors;
                                                    if (!(typeof data48 == "number" && (!(data48 % 1) && !isNaN(data48)) && isFinite(data48))) {
                                                      const err31 = { instancePath: instancePath + "/prestart/min", schemaPath: "#/properties/prestart/anyOf/1/properties/min/type", keyword: "type", params: { type: "integer" }, message: "must be integer" };
                                                      if (vErrors === null) {
                                                        vErrors = [err31];
                                                      } else {
                                                        vErrors.push(err31);
                                                      }
                                                      errors++;
                                                    }
                                                    if (errors === _errs119) {
                                                      if (typeof data48 == "number" && isFinite(data48)) {
                                                        if (data48 > 64 || isNaN(data48)) {
                                                          const err32 = { instancePath: instancePath + "/prestart/min", schemaPath: "#/properties/prestart/anyOf/1/properties/min/maximum", keyword: "maximum", params: { comparison: "<=", limit: 64 }, message: "must be <= 64" };
                                                          if (vErrors === null) {
                                                            vErrors = [err32];
                                                          } else {
                                                            vErrors.push(err32);
                                                          }
                                                          errors++;
                                                        } else {
                                                          if (data48 < 0 || isNaN(data48)) {
                                                            const err33 = { instancePath: instancePath + "/prestart/min", schemaPath: "#/properties/prestart/anyOf/1/properties/min/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" };
                                                            if (vErrors === null) {
                                                              vErrors = [err33];
                                                            } else {
                                                              vErrors.push(err33);
                                                            }
                                                            errors++;
                                                          }
                                                        }
                                                      }
                                                    }
                                                    var valid26 = _errs119 === errors;
                                                  } else {
                                                    var valid26 = true;
                                                  }
                                                  if (valid26) {
                                                    if (data47.max !== void 0) {
                                                      let data49 = data47.max;
                                                      const _errs121 = errors;
                                                      if (!(typeof data49 == "number" && (!(data49 % 1) && !isNaN(data49)) && isFinite(data49))) {
                                                        const err34 = { instancePath: instancePath + "/prestart/max", schemaPath: "#/properties/prestart/anyOf/1/properties/max/type", keyword: "type", params: { type: "integer" }, message: "must be integer" };
                                                        if (vErrors === null) {
                                                          vErrors = [err34];
                                                        } else {
                                                          vErrors.push(err34);
                                                        }
                                                        errors++;
                                                      }
                                                      if (errors === _errs121) {
                                                        if (typeof data49 == "number" && isFinite(data49)) {
                                                          if (data49 > 64 || isNaN(data49)) {
                                                            const err35 = { instancePath: instancePath + "/prestart/max", schemaPath: "#/properties/prestart/anyOf/1/properties/max/maximum", keyword: "maximum", params: { comparison: "<=", limit: 64 }, message: "must be <= 64" };
                                                            if (vErrors === null) {
                                                              vErrors = [err35];
                                                            } else {
                                                              vErrors.push(err35);
                                                            }
                                                            errors++;
                                                          } else {
                                                            if (data49 < 1 || isNaN(data49)) {
                                                              const err36 = { instancePath: instancePath + "/prestart/max", schemaPath: "#/properties/prestart/anyOf/1/properties/max/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" };
                                                              if (vErrors === null) {
                                                                vErrors = [err36];
                                                              } else {
                                                                vErrors.push(err36);
                                                              }
                                                              errors++;
                                                            }
                                                          }
                                                        }
                                                      }
                                                      var valid26 = _errs121 === errors;
                                                    } else {
                                                      var valid26 = true;
                                                    }
                                                  }
                                                }
                                              }
                                            } else {
                                              const err37 = { instancePath: instancePath + "/prestart", schemaPath: "#/properties/prestart/anyOf/1/type", keyword: "type", params: { type: "object" }, message: "must be object" };
                                              if (vErrors === null) {
                                                vErrors = [err37];
                                              } else {
                                                vErrors.push(err37);
                                              }
                                              errors++;
                                            }
                                          }
                                          var _valid2 = _errs116 === errors;
                                          valid25 = valid25 || _valid2;
                                          if (!valid25) {
                                            const err38 = { instancePath: instancePath + "/prestart", schemaPath: "#/properties/prestart/anyOf", keyword: "anyOf", params: {}, message: "must match a schema in anyOf" };
                                            if (vErrors === null) {
                                              vErrors = [err38];
                                            } else {
                                              vErrors.push(err38);
                                            }
                                            errors++;
                                            validate21.errors = vErrors;
                                            return false;
                                          } else {
                                            errors = _errs113;
                                            if (vErrors !== null) {
                                              if (_errs113) {
                                                vErrors.length = _errs113;
                                              } else {
                                                vErrors = null;
                                              }
                                            }
                                          }
                                          var valid0 = _errs112 === errors;
                                        } else {
                                          var valid0 = true;
                                        }
                                        if (valid0) {
                                          let data50 = data.persistent;
                                          const _errs123 = errors;
                                          if (errors === _errs123) {
                                            if (data50 && typeof data50 == "object" && !Array.isArray(data50)) {
                                              if (data50.processes === void 0) {
                                                data50.processes = 1;
                                              }
                                              if (data50.max_concurrency === void 0) {
                                                data50.max_concurrency = 64;
                                              }
                                              if (data50.recycle_calls === void 0) {
                                                data50.recycle_calls = 1e5;
                                              }
                                              if (data50.recycle_age_ms === void 0) {
                                                data50.recycle_age_ms = 36e5;
                                              }
                                              if (data50.recycle_memory_bytes === void 0) {
                                                data50.recycle_memory_bytes = null;
                                              }
                                              const _errs125 = errors;
                                              for (const key7 in data50) {
                                                if (!(key7 === "processes" || key7 === "max_concurrency" || key7 === "recycle_calls" || key7 === "recycle_age_ms" || key7 === "recycle_memory_bytes")) {
                                                  validate21.errors = [{ instancePath: instancePath + "/persistent", schemaPath: "#/properties/persistent/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key7 }, message: "must NOT have additional properties" }];
                                                  return false;
                                                  break;
                                                }
                                              }
                                              if (_errs125 === errors) {
                                                let data51 = data50.processes;
                                                const _errs126 = errors;
                                                if (!(typeof data51 == "number" && (!(data51 % 1) && !isNaN(data51)) && isFinite(data51))) {
                                                  validate21.errors = [{ instancePath: instancePath + "/persistent/processes", schemaPath: "#/properties/persistent/properties/processes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                  return false;
                                                }
                                                if (errors === _errs126) {
                                                  if (typeof data51 == "number" && isFinite(data51)) {
                                                    if (data51 > 16 || isNaN(data51)) {
                                                      validate21.errors = [{ instancePath: instancePath + "/persistent/processes", schemaPath: "#/properties/persistent/properties/processes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 16 }, message: "must be <= 16" }];
                                                      return false;
                                                    } else {
                                                      if (data51 < 1 || isNaN(data51)) {
                                                        validate21.errors = [{ instancePath: instancePath + "/persistent/processes", schemaPath: "#/properties/persistent/properties/processes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                        return false;
                                                      }
                                                    }
                                                  }
                                                }
                                                var valid27 = _errs126 === errors;
                                                if (valid27) {
                                                  let data52 = data50.max_concurrency;
                                                  const _errs128 = errors;
                                                  if (!(typeof data52 == "number" && (!(data52 % 1) && !isNaN(data52)) && isFinite(data52))) {
                                                    validate21.errors = [{ instancePath: instancePath + "/persistent/max_concurrency", schemaPath: "#/properties/persistent/properties/max_concurrency/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                    return false;
                                                  }
                                                  if (errors === _errs128) {
                                                    if (typeof data52 == "number" && isFinite(data52)) {
                                                      if (data52 > 1024 || isNaN(data52)) {
                                                        validate21.errors = [{ instancePath: instancePath + "/persistent/max_concurrency", schemaPath: "#/properties/persistent/properties/max_concurrency/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1024 }, message: "must be <= 1024" }];
                                                        return false;
                                                      } else {
                                                        if (data52 < 1 || isNaN(data52)) {
                                                          validate21.errors = [{ instancePath: instancePath + "/persistent/max_concurrency", schemaPath: "#/properties/persistent/properties/max_concurrency/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                          return false;
                                                        }
                                                      }
                                                    }
                                                  }
                                                  var valid27 = _errs128 === errors;
                                                  if (valid27) {
                                                    let data53 = data50.recycle_calls;
                                                    const _errs130 = errors;
                                                    if (!(typeof data53 == "number" && (!(data53 % 1) && !isNaN(data53)) && isFinite(data53))) {
                                                      validate21.errors = [{ instancePath: instancePath + "/persistent/recycle_calls", schemaPath: "#/properties/persistent/properties/recycle_calls/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                      return false;
                                                    }
                                                    if (errors === _errs130) {
                                                      if (typeof data53 == "number" && isFinite(data53)) {
                                                        if (data53 > 1e9 || isNaN(data53)) {
                                                          validate21.errors = [{ instancePath: instancePath + "/persistent/recycle_calls", schemaPath: "#/properties/persistent/properties/recycle_calls/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1e9 }, message: "must be <= 1000000000" }];
                                                          return false;
                                                        } else {
                                                          if (data53 < 1 || isNaN(data53)) {
                                                            validate21.errors = [{ instancePath: instancePath + "/persistent/recycle_calls", schemaPath: "#/properties/persistent/properties/recycle_calls/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                            return false;
                                                          }
                                                        }
                                                      }
                                                    }
                                                    var valid27 = _errs130 === errors;
                                                    if (valid27) {
                                                      let data54 = data50.recycle_age_ms;
                                                      const _errs132 = errors;
                                                      if (!(typeof data54 == "number" && (!(data54 % 1) && !isNaN(data54)) && isFinite(data54))) {
                                                        validate21.errors = [{ instancePath: instancePath + "/persistent/recycle_age_ms", schemaPath: "#/properties/persistent/properties/recycle_age_ms/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                        return false;
                                                      }
                                                      if (errors === _errs132) {
                                                        if (typeof data54 == "number" && isFinite(data54)) {
                                                          if (data54 > 6048e5 || isNaN(data54)) {
                                                            validate21.errors = [{ instancePath: instancePath + "/persistent/recycle_age_ms", schemaPath: "#/properties/persistent/properties/recycle_age_ms/maximum", keyword: "maximum", params: { comparison: "<=", limit: 6048e5 }, message: "must be <= 604800000" }];
                                                            return false;
                                                          } else {
                                                            if (data54 < 1e3 || isNaN(data54)) {
                                                              validate21.errors = [{ instancePath: instancePath + "/persistent/recycle_age_ms", schemaPath: "#/properties/persistent/properties/recycle_age_ms/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1e3 }, message: "must be >= 1000" }];
                                                              return false;
                                                            }
                                                          }
                                                        }
                                                      }
                                                      var valid27 = _errs132 === errors;
                                                      if (valid27) {
                                                        let data55 = data50.recycle_memory_bytes;
                                                        const _errs134 = errors;
                                                        if (!(typeof data55 == "number" && (!(data55 % 1) && !isNaN(data55)) && isFinite(data55)) && data55 !== null) {
                                                          validate21.errors = [{ instancePath: instancePath + "/persistent/recycle_memory_bytes", schemaPath: "#/properties/persistent/properties/recycle_memory_bytes/type", keyword: "type", params: { type: schema48.properties.persistent.properties.recycle_memory_bytes.type }, message: "must be integer,null" }];
                                                          return false;
                                                        }
                                                        if (errors === _errs134) {
                                                          if (typeof data55 == "number" && isFinite(data55)) {
                                                            if (data55 > 1099511627776 || isNaN(data55)) {
                                                              validate21.errors = [{ instancePath: instancePath + "/persistent/recycle_memory_bytes", schemaPath: "#/properties/persistent/properties/recycle_memory_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1099511627776 }, message: "must be <= 1099511627776" }];
                                                              return false;
                                                            } else {
                                                              if (data55 < 1048576 || isNaN(data55)) {
                                                                validate21.errors = [{ instancePath: instancePath + "/persistent/recycle_memory_bytes", schemaPath: "#/properties/persistent/properties/recycle_memory_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1048576 }, message: "must be >= 1048576" }];
                                                                return false;
                                                              }
                                                            }
                                                          }
                                                        }
                                                        var valid27 = _errs134 === errors;
                                                      }
                                                    }
                                                  }
                                                }
                                              }
                                            } else {
                                              validate21.errors = [{ instancePath: instancePath + "/persistent", schemaPath: "#/properties/persistent/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                              return false;
                                            }
                                          }
                                          var valid0 = _errs123 === errors;
                                          if (valid0) {
                                            let data56 = data.environment;
                                            const _errs136 = errors;
                                            if (errors === _errs136) {
                                              if (data56 && typeof data56 == "object" && !Array.isArray(data56)) {
                                                if (Object.keys(data56).length > 64) {
                                                  validate21.errors = [{ instancePath: instancePath + "/environment", schemaPath: "#/properties/environment/maxProperties", keyword: "maxProperties", params: { limit: 64 }, message: "must NOT have more than 64 properties" }];
                                                  return false;
                                                } else {
                                                  for (const key8 in data56) {
                                                    const _errs138 = errors;
                                                    if (errors === _errs138) {
                                                      if (typeof key8 === "string") {
                                                        if (!pattern36.test(key8)) {
                                                          const err39 = { instancePath: instancePath + "/environment", schemaPath: "#/properties/environment/propertyNames/pattern", keyword: "pattern", params: { pattern: "^(?!LD_|GCONV_PATH$|NODE_OPTIONS$|NODE_PATH$|BASH_ENV$|ENV$|IFS$|PATH$|SHELLOPTS$|PYTHON[A-Z]*$|PERL5[A-Z]*$)[A-Za-z_][A-Za-z0-9_]*$" }, message: 'must match pattern "^(?!LD_|GCONV_PATH$|NODE_OPTIONS$|NODE_PATH$|BASH_ENV$|ENV$|IFS$|PATH$|SHELLOPTS$|PYTHON[A-Z]*$|PERL5[A-Z]*$)[A-Za-z_][A-Za-z0-9_]*$"', propertyName: key8 };
                                                          if (vErrors === null) {
                                                            vErrors = [err39];
                                                          } else {
                                                            vErrors.push(err39);
                                                          }
                                                          errors++;
                                                        }
                                                      } else {
                                                        const err40 = { instancePath: instancePath + "/environment", schemaPath: "#/properties/environment/propertyNames/type", keyword: "type", params: { type: "string" }, message: "must be string", propertyName: key8 };
                                                        if (vErrors === null) {
                                                          vErrors = [err40];
                                                        } else {
                                                          vErrors.push(err40);
                                                        }
                                                        errors++;
                                                      }
                                                    }
                                                    var valid28 = _errs138 === errors;
                                                    if (!valid28) {
                                                      const err41 = { instancePath: instancePath + "/environment", schemaPath: "#/properties/environment/propertyNames", keyword: "propertyNames", params: { propertyName: key8 }, message: "property name must be valid" };
                                                      if (vErrors === null) {
                                                        vErrors = [err41];
                                                      } else {
                                                        vErrors.push(err41);
                                                      }
                                                      errors++;
                                                      validate21.errors = vErrors;
                                                      return false;
                                                      break;
                                                    }
                                                  }
                                                  if (valid28) {
                                                    for (const key9 in data56) {
                                                      let data57 = data56[key9];
                                                      const _errs141 = errors;
                                                      if (errors === _errs141) {
                                                        if (typeof data57 === "string") {
                                                          if (func2(data57) > 4096) {
                                                            validate21.errors = [{ instancePath: instancePath + "/environment/" + key9.replace(/~/g, "~0").replace(/\//g, "~1"), schemaPath: "#/properties/environment/additionalProperties/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" }];
                                                            return false;
                                                          } else {
                                                            if (!pattern37.test(data57)) {
                                                              validate21.errors = [{ instancePath: instancePath + "/environment/" + key9.replace(/~/g, "~0").replace(/\//g, "~1"), schemaPath: "#/properties/environment/additionalProperties/pattern", keyword: "pattern", params: { pattern: "^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f]*$" }, message: 'must match pattern "^[^\\u0000-\\u0008\\u000a-\\u001f\\u007f]*$"' }];
                                                              return false;
                                                            }
                                                          }
                                                        } else {
                                                          validate21.errors = [{ instancePath: instancePath + "/environment/" + key9.replace(/~/g, "~0").replace(/\//g, "~1"), schemaPath: "#/properties/environment/additionalProperties/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                          return false;
                                                        }
                                                      }
                                                      var valid29 = _errs141 === errors;
                                                      if (!valid29) {
                                                        break;
                                                      }
                                                    }
                                                  }
                                                }
                                              } else {
                                                validate21.errors = [{ instancePath: instancePath + "/environment", schemaPath: "#/properties/environment/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                                return false;
                                              }
                                            }
                                            var valid0 = _errs136 === errors;
                                            if (valid0) {
                                              let data58 = data.secrets;
                                              const _errs143 = errors;
                                              if (errors === _errs143) {
                                                if (Array.isArray(data58)) {
                                                  if (data58.length > 16) {
                                                    validate21.errors = [{ instancePath: instancePath + "/secrets", schemaPath: "#/properties/secrets/maxItems", keyword: "maxItems", params: { limit: 16 }, message: "must NOT have more than 16 items" }];
                                                    return false;
                                                  } else {
                                                    var valid30 = true;
                                                    const len8 = data58.length;
                                                    for (let i14 = 0; i14 < len8; i14++) {
                                                      let data59 = data58[i14];
                                                      const _errs145 = errors;
                                                      const _errs147 = errors;
                                                      let valid31 = false;
                                                      let passing0 = null;
                                                      const _errs148 = errors;
                                                      if (data59 && typeof data59 == "object" && !Array.isArray(data59)) {
                                                        let missing4;
                                                        if (data59.file === void 0 && (missing4 = "file")) {
                                                          const err42 = { instancePath: instancePath + "/secrets/" + i14, schemaPath: "#/properties/secrets/items/oneOf/0/required", keyword: "required", params: { missingProperty: missing4 }, message: "must have required property '" + missing4 + "'" };
                                                          if (vErrors === null) {
                                                            vErrors = [err42];
                                                          } else {
                                                            vErrors.push(err42);
                                                          }
                                                          errors++;
                                                        }
                                                      }
                                                      var _valid3 = _errs148 === errors;
                                                      if (_valid3) {
                                                        valid31 = true;
                                                        passing0 = 0;
                                                      }
                                                      const _errs149 = errors;
                                                      if (data59 && typeof data59 == "object" && !Array.isArray(data59)) {
                                                        let missing5;
                                                        if (data59.credential === void 0 && (missing5 = "credential")) {
                                                          const err43 = { instancePath: instancePath + "/secrets/" + i14, schemaPath: "#/properties/secrets/items/oneOf/1/required", keyword: "required", params: { missingProperty: missing5 }, message: "must have required property '" + missing5 + "'" };
                                                          if (vErrors === null) {
                                                            vErrors = [err43];
                                                          } else {
                                                            vErrors.push(err43);
                                                          }
                                                          errors++;
                                                        }
                                                      }
                                                      var _valid3 = _errs149 === errors;
                                                      if (_valid3 && valid31) {
                                                        valid31 = false;
                                                        passing0 = [passing0, 1];
                                                      } else {
                                                        if (_valid3) {
                                                          valid31 = true;
                                                          passing0 = 1;
                                                        }
                                                      }
                                                      if (!valid31) {
                                                        const err44 = { instancePath: instancePath + "/secrets/" + i14, schemaPath: "#/properties/secrets/items/oneOf", keyword: "oneOf", params: { passingSchemas: passing0 }, message: "must match exactly one schema in oneOf" };
                                                        if (vErrors === null) {
                                                          vErrors = [err44];
                                                        } else {
                                                          vErrors.push(err44);
                                                        }
                                                        errors++;
                                                        validate21.errors = vErrors;
                                                        return false;
                                                      } else {
                                                        errors = _errs147;
                                                        if (vErrors !== null) {
                                                          if (_errs147) {
                                                            vErrors.length = _errs147;
                                                          } else {
                                                            vErrors = null;
                                                          }
                                                        }
                                                      }
                                                      if (errors === _errs145) {
                                                        if (data59 && typeof data59 == "object" && !Array.isArray(data59)) {
                                                          if (data59.as === void 0) {
                                                            data59.as = "file";
                                                          }
                                                          let missing6;
                                                          if (data59.name === void 0 && (missing6 = "name")) {
                                                            validate21.errors = [{ instancePath: instancePath + "/secrets/" + i14, schemaPath: "#/properties/secrets/items/required", keyword: "required", params: { missingProperty: missing6 }, message: "must have required property '" + missing6 + "'" }];
                                                            return false;
                                                          } else {
                                                            const _errs150 = errors;
                                                            for (const key10 in data59) {
                                                              if (!(key10 === "name" || key10 === "file" || key10 === "credential" || key10 === "as" || key10 === "variable")) {
                                                                validate21.errors = [{ instancePath: instancePath + "/secrets/" + i14, schemaPath: "#/properties/secrets/items/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key10 }, message: "must NOT have additional properties" }];
                                                                return false;
                                                                break;
                                                              }
                                                            }
                                                            if (_errs150 === errors) {
                                                              if (data59.name !== void 0) {
                                                                let data60 = data59.name;
                                                                const _errs151 = errors;
                                                                if (errors === _errs151) {
                                                                  if (typeof data60 === "string") {
                                                                    if (!pattern7.test(data60)) {
                                                                      validate21.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/name", schemaPath: "#/properties/secrets/items/properties/name/pattern", keyword: "pattern", params: { pattern: "^[a-z][a-z0-9_-]{0,31}$" }, message: 'must match pattern "^[a-z][a-z0-9_-]{0,31}$"' }];
                                                                      return false;
                                                                    }
                                                                  } else {
                                                                    validate21.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/name", schemaPath: "#/properties/secrets/items/properties/name/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                    return false;
                                                                  }
                                                                }
                                                                var valid32 = _errs151 === errors;
                                                              } else {
                                                                var valid32 = true;
                                                              }
                                                              if (valid32) {
                                                                if (data59.file !== void 0) {
                                                                  let data61 = data59.file;
                                                                  const _errs153 = errors;
                                                                  if (errors === _errs153) {
                                                                    if (typeof data61 === "string") {
                                                                      if (func2(data61) > 4096) {
                                                                        validate21.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/file", schemaPath: "#/properties/secrets/items/properties/file/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" }];
                                                                        return false;
                                                                      } else {
                                                                        if (!pattern4.test(data61)) {
                                                                          validate21.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/file", schemaPath: "#/properties/secrets/items/properties/file/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' }];
                                                                          return false;
                                                                        }
                                                                      }
                                                                    } else {
                                                                      validate21.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/file", schemaPath: "#/properties/secrets/items/properties/file/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                      return false;
                                                                    }
                                                                  }
                                                                  var valid32 = _errs153 === errors;
                                                                } else {
                                                                  var valid32 = true;
                                                                }
                                                                if (valid32) {
                                                                  if (data59.credential !== void 0) {
                                                                    let data62 = data59.credential;
                                                                    const _errs155 = errors;
                                                                    if (errors === _errs155) {
                                                                      if (typeof data62 === "string") {
                                                                        if (!pattern40.test(data62)) {
                                                                          validate21.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/credential", schemaPath: "#/properties/secrets/items/properties/credential/pattern", keyword: "pattern", params: { pattern: "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$" }, message: 'must match pattern "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}$"' }];
                                                                          return false;
                                                                        }
                                                                      } else {
                                                                        validate21.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/credential", schemaPath: "#/properties/secrets/items/properties/credential/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                        return false;
                                                                      }
                                                                    }
                                                                    var valid32 = _errs155 === errors;
                                                                  } else {
                                                                    var valid32 = true;
                                                                  }
                                                                  if (valid32) {
                                                                    let data63 = data59.as;
                                                                    const _errs157 = errors;
                                                                    if (typeof data63 !== "string") {
                                                                      validate21.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/as", schemaPath: "#/properties/secrets/items/properties/as/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                      return false;
                                                                    }
                                                                    if (!(data63 === "file" || data63 === "descriptor" || data63 === "environment")) {
                                                                      validate21.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/as", schemaPath: "#/properties/secrets/items/properties/as/enum", keyword: "enum", params: { allowedValues: schema48.properties.secrets.items.properties.as.enum }, message: "must be equal to one of the allowed values" }];
                                                                      return false;
                                                                    }
                                                                    var valid32 = _errs157 === errors;
                                                                    if (valid32) {
                                                                      if (data59.variable !== void 0) {
                                                                        let data64 = data59.variable;
                                                                        const _errs159 = errors;
                                                                        if (errors === _errs159) {
                                                                          if (typeof data64 === "string") {
                                                                            if (func2(data64) > 64) {
                                                                              validate21.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/variable", schemaPath: "#/properties/secrets/items/properties/variable/maxLength", keyword: "maxLength", params: { limit: 64 }, message: "must NOT have more than 64 characters" }];
                                                                              return false;
                                                                            } else {
                                                                              if (!pattern36.test(data64)) {
                                                                                validate21.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/variable", schemaPath: "#/properties/secrets/items/properties/variable/pattern", keyword: "pattern", params: { pattern: "^(?!LD_|GCONV_PATH$|NODE_OPTIONS$|NODE_PATH$|BASH_ENV$|ENV$|IFS$|PATH$|SHELLOPTS$|PYTHON[A-Z]*$|PERL5[A-Z]*$)[A-Za-z_][A-Za-z0-9_]*$" }, message: 'must match pattern "^(?!LD_|GCONV_PATH$|NODE_OPTIONS$|NODE_PATH$|BASH_ENV$|ENV$|IFS$|PATH$|SHELLOPTS$|PYTHON[A-Z]*$|PERL5[A-Z]*$)[A-Za-z_][A-Za-z0-9_]*$"' }];
                                                                                return false;
                                                                              }
                                                                            }
                                                                          } else {
                                                                            validate21.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/variable", schemaPath: "#/properties/secrets/items/properties/variable/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                            return false;
                                                                          }
                                                                        }
                                                                        var valid32 = _errs159 === errors;
                                                                      } else {
                                                                        var valid32 = true;
                                                                      }
                                                                    }
                                                                  }
                                                                }
                                                              }
                                                            }
                                                          }
                                                        } else {
                                                          validate21.errors = [{ instancePath: instancePath + "/secrets/" + i14, schemaPath: "#/properties/secrets/items/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                                          return false;
                                                        }
                                                      }
                                                      var valid30 = _errs145 === errors;
                                                      if (!valid30) {
                                                        break;
                                                      }
                                                    }
                                                  }
                                                } else {
                                                  validate21.errors = [{ instancePath: instancePath + "/secrets", schemaPath: "#/properties/secrets/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                                  return false;
                                                }
                                              }
                                              var valid0 = _errs143 === errors;
                                              if (valid0) {
                                                const _errs161 = errors;
                                                if (typeof data.stderr_in_errors !== "boolean") {
                                                  validate21.errors = [{ instancePath: instancePath + "/stderr_in_errors", schemaPath: "#/properties/stderr_in_errors/type", keyword: "type", params: { type: "boolean" }, message: "must be boolean" }];
                                                  return false;
                                                }
                                                var valid0 = _errs161 === errors;
                                                if (valid0) {
                                                  let data66 = data.params;
                                                  const _errs163 = errors;
                                                  if (typeof data66 !== "string") {
                                                    validate21.errors = [{ instancePath: instancePath + "/params", schemaPath: "#/properties/params/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                    return false;
                                                  }
                                                  if (!(data66 === "hash" || data66 === "names" || data66 === "omit")) {
                                                    validate21.errors = [{ instancePath: instancePath + "/params", schemaPath: "#/properties/params/enum", keyword: "enum", params: { allowedValues: schema48.properties.params.enum }, message: "must be equal to one of the allowed values" }];
                                                    return false;
                                                  }
                                                  var valid0 = _errs163 === errors;
                                                  if (valid0) {
                                                    let data67 = data.logs;
                                                    const _errs165 = errors;
                                                    if (typeof data67 !== "string") {
                                                      validate21.errors = [{ instancePath: instancePath + "/logs", schemaPath: "#/properties/logs/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                      return false;
                                                    }
                                                    if (!(data67 === "journal" || data67 === "memory" || data67 === "none")) {
                                                      validate21.errors = [{ instancePath: instancePath + "/logs", schemaPath: "#/properties/logs/enum", keyword: "enum", params: { allowedValues: schema48.properties.logs.enum }, message: "must be equal to one of the allowed values" }];
                                                      return false;
                                                    }
                                                    var valid0 = _errs165 === errors;
                                                    if (valid0) {
                                                      let data68 = data.workdir;
                                                      const _errs167 = errors;
                                                      if (errors === _errs167) {
                                                        if (typeof data68 === "string") {
                                                          if (func2(data68) > 4096) {
                                                            validate21.errors = [{ instancePath: instancePath + "/workdir", schemaPath: "#/properties/workdir/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" }];
                                                            return false;
                                                          } else {
                                                            if (!pattern4.test(data68)) {
                                                              validate21.errors = [{ instancePath: instancePath + "/workdir", schemaPath: "#/properties/workdir/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' }];
                                                              return false;
                                                            }
                                                          }
                                                        } else {
                                                          validate21.errors = [{ instancePath: instancePath + "/workdir", schemaPath: "#/properties/workdir/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                          return false;
                                                        }
                                                      }
                                                      var valid0 = _errs167 === errors;
                                                      if (valid0) {
                                                        let data69 = data.on_output_limit;
                                                        const _errs169 = errors;
                                                        if (typeof data69 !== "string") {
                                                          validate21.errors = [{ instancePath: instancePath + "/on_output_limit", schemaPath: "#/properties/on_output_limit/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                          return false;
                                                        }
                                                        if (!(data69 === "fail" || data69 === "truncate")) {
                                                          validate21.errors = [{ instancePath: instancePath + "/on_output_limit", schemaPath: "#/properties/on_output_limit/enum", keyword: "enum", params: { allowedValues: schema48.properties.on_output_limit.enum }, message: "must be equal to one of the allowed values" }];
                                                          return false;
                                                        }
                                                        var valid0 = _errs169 === errors;
                                                        if (valid0) {
                                                          let data70 = data.require;
                                                          const _errs171 = errors;
                                                          if (errors === _errs171) {
                                                            if (Array.isArray(data70)) {
                                                              if (data70.length > 1) {
                                                                validate21.errors = [{ instancePath: instancePath + "/require", schemaPath: "#/properties/require/maxItems", keyword: "maxItems", params: { limit: 1 }, message: "must NOT have more than 1 items" }];
                                                                return false;
                                                              } else {
                                                                var valid33 = true;
                                                                const len9 = data70.length;
                                                                for (let i15 = 0; i15 < len9; i15++) {
                                                                  let data71 = data70[i15];
                                                                  const _errs173 = errors;
                                                                  if (typeof data71 !== "string") {
                                                                    validate21.errors = [{ instancePath: instancePath + "/require/" + i15, schemaPath: "#/properties/require/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                    return false;
                                                                  }
                                                                  if (!(data71 === "memory")) {
                                                                    validate21.errors = [{ instancePath: instancePath + "/require/" + i15, schemaPath: "#/properties/require/items/enum", keyword: "enum", params: { allowedValues: schema48.properties.require.items.enum }, message: "must be equal to one of the allowed values" }];
                                                                    return false;
                                                                  }
                                                                  var valid33 = _errs173 === errors;
                                                                  if (!valid33) {
                                                                    break;
                                                                  }
                                                                }
                                                                if (valid33) {
                                                                  let i16 = data70.length;
                                                                  let j6;
                                                                  if (i16 > 1) {
                                                                    const indices5 = {};
                                                                    for (; i16--; ) {
                                                                      let item5 = data70[i16];
                                                                      if (typeof item5 !== "string") {
                                                                        continue;
                                                                      }
                                                                      if (typeof indices5[item5] == "number") {
                                                                        j6 = indices5[item5];
                                                                        validate21.errors = [{ instancePath: instancePath + "/require", schemaPath: "#/properties/require/uniqueItems", keyword: "uniqueItems", params: { i: i16, j: j6 }, message: "must NOT have duplicate items (items ## " + j6 + " and " + i16 + " are identical)" }];
                                                                        return false;
                                                                        break;
                                                                      }
                                                                      indices5[item5] = i16;
                                                                    }
                                                                  }
                                                                }
                                                              }
                                                            } else {
                                                              validate21.errors = [{ instancePath: instancePath + "/require", schemaPath: "#/properties/require/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                                              return false;
                                                            }
                                                          }
                                                          var valid0 = _errs171 === errors;
                                                        }
                                                      }
                                                    }
                                                  }
                                                }
                                              }
                                            }
                                          }
                                        }
                                      }
                                    }
                                  }
                                }
                              }
                            }
                          }
                        }
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    } else {
      validate21.errors = [{ instancePath, schemaPath: "#/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
      return false;
    }
  }
  validate21.errors = vErrors;
  return errors === 0;
}
validate21.evaluated = { "props": true, "dynamicProps": false, "dynamicItems": false };
var manifest = validate22;
var schema52 = { "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "manifest.schema.json", "title": "Manifest", "description": "driver.yaml: a driver's methods, program, and what it asks for.", "type": "object", "additionalProperties": false, "required": ["version", "name", "kind", "program", "methods"], "examples": [{ "version": 1, "name": "cpu", "kind": "command", "program": { "executable": "/usr/bin/lscpu" }, "methods": {} }], "properties": { "version": { "title": "Version", "description": "Version of this format.", "const": 1, "type": "integer", "examples": [1] }, "name": { "type": "string", "pattern": "^[a-z][a-z0-9-]{0,31}$", "title": "Name", "description": "Name of the driver and of its folder.", "examples": ["disk"] }, "kind": { "title": "Kind", "description": "`jsonrpc`: speaks the driver protocol. `command`: any program.", "type": "string", "enum": ["jsonrpc", "command"], "examples": ["jsonrpc"] }, "title": { "title": "Title", "description": "One line.", "type": "string", "maxLength": 256, "examples": ["Disks"] }, "description": { "title": "Description", "description": "What it is for.", "type": "string", "maxLength": 4096, "examples": ["Measures disks."] }, "program": { "title": "Program", "description": "What is started; the only block that the monitor reads.", "type": "object", "additionalProperties": false, "examples": [{ "executable": "/usr/bin/lscpu", "arguments": ["-J"] }], "oneOf": [{ "required": ["executable"] }, { "required": ["node"] }], "properties": { "executable": { "title": "Executable", "description": "An absolute path, or the name of a file in the driver's folder.", "type": "string", "maxLength": 4096, "pattern": "^(?:/[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*|[A-Za-z0-9_][A-Za-z0-9_.-]*)$", "examples": ["/usr/bin/lscpu"] }, "node": { "title": "Node program", "description": "A file in the driver's folder, run on the daemon's own Node.", "type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]*$", "maxLength": 255, "examples": ["disk.ts"] }, "arguments": { "type": "array", "maxItems": 64, "items": { "type": "string", "maxLength": 4096, "pattern": "^[^\\u0000-\\u001f\\u007f]*$" }, "title": "Arguments", "description": "Fixed leading words.", "default": [], "examples": [["-J"]] }, "environment": { "title": "Environment", "description": "Names of variables whose values methods may set (command drivers).", "type": "array", "maxItems": 32, "uniqueItems": true, "items": { "type": "string", "pattern": "^(?!LD_|GCONV_PATH$|NODE_OPTIONS$|NODE_PATH$|BASH_ENV$|ENV$|IFS$|PATH$|SHELLOPTS$|PYTHON[A-Z]*$|PERL5[A-Z]*$)[A-Za-z_][A-Za-z0-9_]*$" }, "default": [], "examples": [["LC_ALL"]] } } }, "asks": { "title": "Asks", "description": "What it asks for, in a profile's words; nothing is granted by it.", "$ref": "asks.schema.json", "examples": [{ "filesystem": { "read": ["/srv"] } }] }, "methods": { "title": "Methods", "description": "Its methods by name.", "type": "object", "maxProperties": 256, "propertyNames": { "type": "string", "pattern": "^[a-z][a-zA-Z0-9-]{0,31}$" }, "additionalProperties": { "title": "Method", "description": "One method.", "type": "object", "additionalProperties": false, "required": ["params", "result"], "examples": [{ "params": { "type": "object", "additionalProperties": false }, "result": { "type": "object" } }], "properties": { "title": { "title": "Title", "description": "One line.", "type": "string", "maxLength": 256, "examples": ["Disk usage"] }, "description": { "title": "Description", "description": "What it does.", "type": "string", "maxLength": 4096, "examples": ["Bytes and inodes."] }, "params": { "title": "Params", "description": "JSON Schema 2020-12 of the params.", "type": "object", "examples": [{ "type": "object", "additionalProperties": false }] }, "result": { "title": "Result", "description": "JSON Schema 2020-12 of the result.", "type": "object", "examples": [{ "type": "object" }] }, "positional": { "title": "Positional", "description": "Order of params given by position.", "type": "array", "maxItems": 64, "uniqueItems": true, "items": { "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$" }, "default": [], "examples": [["path"]] }, "destructive": { "title": "Destructive", "description": "A permit counts only if its scope names this method or one of its tags.", "type": "boolean", "default": false, "examples": [false] }, "idempotent": { "title": "Idempotent", "description": "Calling twice is as calling once.", "type": "boolean", "default": false, "examples": [true] }, "tags": { "title": "Tags", "description": 'Groups for policies: Action::"tag:<tag>".', "type": "array", "maxItems": 16, "uniqueItems": true, "items": { "type": "string", "pattern": "^[a-z][a-z0-9-]{0,31}$" }, "default": [], "examples": [["storage"]] }, "timeout_ms": { "title": "Time limit", "description": "Longest run, in milliseconds; can only shorten the profile's.", "type": "integer", "minimum": 10, "maximum": 864e5, "examples": [5e3] }, "errors": { "title": "Errors", "description": "Errors that reach the caller as declared: word \u2192 message and schema of details.", "type": "object", "maxProperties": 64, "propertyNames": { "type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$" }, "additionalProperties": { "type": "object", "additionalProperties": false, "required": ["message"], "properties": { "message": { "type": "string", "maxLength": 256 }, "data": { "type": "object" } } }, "default": {}, "examples": [{ "not_found": { "message": "Cannot measure: there is no such path" } }] }, "arguments": { "title": "Arguments", "description": "Template of the argv elements after the fixed words (command drivers).", "type": "array", "maxItems": 64, "default": [], "examples": [["--", { "param": "key" }]], "items": { "type": ["string", "object"], "anyOf": [{ "type": "string", "maxLength": 4096, "pattern": "^[^\\u0000-\\u001f\\u007f]*$" }, { "type": "object", "additionalProperties": false, "required": ["param"], "properties": { "param": { "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$" }, "prefix": { "type": "string", "maxLength": 256, "pattern": "^[^\\u0000-\\u001f\\u007f]+$" } } }, { "type": "object", "additionalProperties": false, "required": ["flag", "words"], "properties": { "flag": { "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$" }, "words": { "type": "array", "maxItems": 64, "items": { "type": "string", "maxLength": 4096, "pattern": "^[^\\u0000-\\u001f\\u007f]*$" } } } }] } }, "environment": { "title": "Environment", "description": "Values of the program's variables (command drivers).", "type": "object", "maxProperties": 32, "additionalProperties": { "type": "object", "additionalProperties": false, "required": ["param"], "properties": { "param": { "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$" } } }, "default": {}, "examples": [{ "LC_ALL": { "param": "locale" } }] }, "stdin": { "title": "stdin", "description": "The param that becomes stdin (command drivers).", "type": "object", "additionalProperties": false, "required": ["param"], "properties": { "param": { "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$" } }, "examples": [{ "param": "text" }] }, "output": { "title": "Output", "description": "How stdout is read (command drivers); `exit-status` leaves it out of the result.", "type": "string", "enum": ["text", "lines", "json", "exit-status"], "default": "text", "examples": ["json"] }, "stream": { "title": "Stream", "description": "The output comes to the caller in chunks while the driver runs (`rpc.chunk`), and is not kept: of a command driver its stdout, as text or lines; of a jsonrpc driver what its `chunk` notifications carry. Callers must send a progressToken.", "type": "boolean", "default": false, "examples": [true] }, "on_disconnect": { "title": "On disconnect", "description": "What happens to a call that a driver has begun when its caller goes: `cancel` ends it; `finish` lets it run to its end, its outcome is recorded and the reply dropped.", "type": "string", "enum": ["cancel", "finish"], "default": "cancel", "examples": ["finish"] }, "exit_statuses": { "title": "Exit statuses", "description": "Which count as success (command drivers).", "type": "array", "minItems": 1, "maxItems": 64, "uniqueItems": true, "items": { "type": "integer", "minimum": 0, "maximum": 125 }, "default": [0], "examples": [[0, 2]] } } }, "examples": [{}] } } };
var pattern44 = new RegExp("^(?:/[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*|[A-Za-z0-9_][A-Za-z0-9_.-]*)$", "u");
var pattern45 = new RegExp("^[A-Za-z0-9_][A-Za-z0-9_.-]*$", "u");
var pattern46 = new RegExp("^[^\\u0000-\\u001f\\u007f]*$", "u");
var pattern61 = new RegExp("^[a-z][a-zA-Z0-9-]{0,31}$", "u");
var pattern62 = new RegExp("^[A-Za-z_][A-Za-z0-9_]{0,63}$", "u");
var pattern64 = new RegExp("^[a-z][a-z0-9_]{0,63}$", "u");
var pattern67 = new RegExp("^[^\\u0000-\\u001f\\u007f]+$", "u");
var schema53 = { "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "asks.schema.json", "$comment": "Made by scripts/generate-configuration.ts from protocol/*.schema.json. Do not edit.", "title": "Asks", "description": "What a driver asks for, in a profile's words; nothing is granted by it.", "type": "object", "additionalProperties": false, "examples": [{ "filesystem": { "read": ["/srv"] } }], "$defs": { "profileName": { "type": "string", "pattern": "^[a-z][a-z0-9-]{0,31}$", "title": "Profile name", "description": "Prefix of the driver's methods; not `rpc` and no command of driverctl.", "not": { "enum": ["rpc", "call", "list", "describe", "audit", "status", "can", "who-can", "enable", "disable", "pause", "resume", "reload", "logs", "scrub", "isolation", "doctor", "cancel", "help", "version"] }, "examples": ["disk"] }, "path": { "title": "Path", "description": "A normalised absolute path.", "type": "string", "pattern": "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$", "maxLength": 4096, "examples": ["/srv"] }, "mount": { "title": "Path", "description": "A path, or a path and where it is seen.", "examples": ["/srv"], "anyOf": [{ "type": "string", "pattern": "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$", "maxLength": 4096 }, { "type": "object", "additionalProperties": false, "required": ["path", "at"], "properties": { "path": { "title": "Path", "description": "Path on the host.", "examples": ["/"], "type": "string", "pattern": "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$", "maxLength": 4096 }, "at": { "title": "At", "description": "Path in the driver's view.", "examples": ["/host"], "type": "string", "pattern": "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$", "maxLength": 4096 } } }] } }, "properties": { "groups": { "title": "Groups", "description": "Supplementary groups of the driver's processes, by name (a daemon that runs as root).", "type": "array", "maxItems": 32, "uniqueItems": true, "examples": [["adm"]], "items": { "type": "string", "pattern": "^[a-z_][a-z0-9_.-]{0,255}$" } }, "filesystem": { "title": "Files", "description": "What the driver sees beside the minimal read-only system.", "type": "object", "additionalProperties": false, "properties": { "read": { "title": "Read", "description": "Folders and files, read-only; `at` puts one elsewhere in the driver's view.", "type": "array", "maxItems": 64, "examples": [["/srv"], [{ "path": "/", "at": "/host" }]], "items": { "$ref": "#/$defs/mount" } }, "write": { "title": "Write", "description": "Folders and files that the driver may change, as far as its user may.", "type": "array", "maxItems": 64, "examples": [["/var/lib/example"]], "items": { "$ref": "#/$defs/mount" } }, "scratch": { "title": "Scratch", "description": "Private folders of one launch beside /tmp: empty at its start, gone at its end.", "type": "array", "maxItems": 16, "uniqueItems": true, "examples": [["/scratch"]], "items": { "$ref": "#/$defs/path" } } }, "examples": [{}] }, "network": { "title": "Network", "description": "`none`: only Unix sockets can be made. `loopback`: a loopback of its own. `host`: the host's network, its abstract Unix sockets with it.", "type": "string", "enum": ["none", "loopback", "host"], "examples": ["none"] }, "capabilities": { "title": "Capabilities", "description": "Capabilities of the driver's processes, and no others; a daemon that runs as root.", "type": "array", "maxItems": 41, "uniqueItems": true, "examples": [[]], "items": { "type": "string", "pattern": "^CAP_[A-Z_]{1,32}$" } }, "devices": { "title": "Devices", "description": "Device files below /dev, beside the minimal set.", "type": "array", "maxItems": 32, "uniqueItems": true, "examples": [["/dev/kvm"]], "items": { "type": "string", "pattern": "^/dev/[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,200}$" } }, "syscalls": { "title": "System calls", "description": "The filter on system calls.", "type": "object", "additionalProperties": false, "examples": [{ "filter": "strict", "allow": ["ptrace"] }], "properties": { "filter": { "title": "Filter", "description": "`default` refuses what no driver should need. `strict` allows a list and refuses the rest.", "type": "string", "enum": ["default", "strict"], "examples": ["strict"] }, "allow": { "title": "Allow", "description": "System calls that the filter would refuse, by name.", "type": "array", "maxItems": 64, "uniqueItems": true, "items": { "type": "string", "pattern": "^[a-z_][a-z0-9_]{0,63}$" }, "examples": [["ptrace"]] }, "sockets": { "title": "Sockets", "description": "Socket families that the filter would refuse.", "type": "array", "maxItems": 3, "uniqueItems": true, "items": { "type": "string", "enum": ["netlink", "packet", "vsock"] }, "examples": [["netlink"]] } } }, "limits": { "title": "Limits", "description": "Bounds of each launch.", "type": "object", "additionalProperties": false, "properties": { "wall_ms": { "title": "Wall time", "description": "Longest run, in milliseconds.", "type": "integer", "minimum": 10, "maximum": 864e5, "examples": [6e5] }, "idle_ms": { "title": "Idle time", "description": "How long a driver may say nothing, on stdout or stderr, before it is ended, in milliseconds; progress and log messages count, and what is beyond output_bytes too. null: up to wall_ms. Not in `mode: persistent`.", "type": ["integer", "null"], "minimum": 10, "maximum": 864e5, "examples": [3e4] }, "cpu_seconds": { "title": "CPU time", "description": "Most CPU time of a process, in seconds.", "type": "integer", "minimum": 1, "maximum": 86400, "examples": [600] }, "address_space_bytes": { "title": "Address space", "description": "RLIMIT_AS in bytes; null leaves it. Node needs 2 GiB.", "type": ["integer", "null"], "minimum": 1048576, "maximum": 1099511627776, "examples": [2147483648] }, "data_bytes": { "title": "Data", "description": "RLIMIT_DATA in bytes; null leaves it. Node needs 1 GiB. Shared mappings are not seen.", "type": ["integer", "null"], "minimum": 1048576, "maximum": 1099511627776, "examples": [1073741824] }, "memory_bytes": { "title": "Memory", "description": "memory.max of the launch's cgroup in bytes: every page of all its processes, shared mappings and scratch folders with it; no swap. Only where driverd has the memory controller of cgroup v2; else records say `degraded: memory`, and `require: [memory]` refuses.", "type": "integer", "minimum": 16777216, "maximum": 1099511627776, "examples": [1073741824] }, "cpu_percent": { "title": "CPU share", "description": "cpu.max of the launch's cgroup in hundredths of a processor; null leaves it. Refused where driverd has no cpu controller of cgroup v2.", "type": ["integer", "null"], "minimum": 1, "maximum": 102400, "examples": [50] }, "processes": { "title": "Processes", "description": "Most processes and threads.", "type": "integer", "minimum": 1, "maximum": 32768, "examples": [64] }, "open_files": { "title": "Open files", "description": "Most open files of a process.", "type": "integer", "minimum": 8, "maximum": 65536, "examples": [256] }, "file_bytes": { "title": "File size", "description": "Largest file that may be written, in bytes.", "type": "integer", "minimum": 0, "maximum": 1099511627776, "examples": [67108864] }, "output_bytes": { "title": "Output", "description": "Most bytes of stdout and stderr together.", "type": "integer", "minimum": 1024, "maximum": 1073741824, "examples": [10485760] }, "stream_bytes": { "title": "Streamed output", "description": "Most bytes of stdout and stderr together of a method with `stream: true`, in place of `output_bytes`: they pass through and are not kept.", "type": "integer", "minimum": 1024, "maximum": 1099511627776, "examples": [1073741824] }, "term_grace_ms": { "title": "Grace", "description": "How long a driver may go on after SIGTERM, which it gets when its call is cancelled or its caller goes, in milliseconds; then everything that was started for the call is killed. 0: killed at once.", "type": "integer", "minimum": 0, "maximum": 6e4, "examples": [2e3] }, "scratch_bytes": { "title": "Scratch", "description": "Size of /tmp and of each scratch folder, in bytes.", "type": "integer", "minimum": 4096, "maximum": 1073741824, "examples": [16777216] } }, "examples": [{}] }, "secrets": { "title": "Secrets", "description": "Values that the driver gets and that are scrubbed from all its output.", "type": "array", "maxItems": 16, "examples": [[{ "name": "token", "file": "/etc/driverd/secrets/token" }]], "items": { "title": "Secret", "description": "One secret.", "type": "object", "additionalProperties": false, "required": ["name"], "properties": { "name": { "title": "Name", "description": "Its name; the file name below /run/secrets.", "type": "string", "pattern": "^[a-z][a-z0-9_-]{0,31}$", "examples": ["token"] }, "as": { "title": "As", "description": "How the driver gets it: a file, an open descriptor, or an environment variable where the program takes nothing else.", "type": "string", "enum": ["file", "descriptor", "environment"], "examples": ["file"] }, "variable": { "title": "Variable", "description": "The variable that holds the value (`environment`) or the descriptor's number (`descriptor`).", "type": "string", "pattern": "^(?!LD_|GCONV_PATH$|NODE_OPTIONS$|NODE_PATH$|BASH_ENV$|ENV$|IFS$|PATH$|SHELLOPTS$|PYTHON[A-Z]*$|PERL5[A-Z]*$)[A-Za-z_][A-Za-z0-9_]*$", "maxLength": 64, "examples": ["TOKEN"] } }, "examples": [{ "name": "token" }] } }, "user": { "title": "User", "description": "That it has to run as root; an admin grants it with a reason.", "type": "string", "enum": ["root"], "examples": ["root"] } } };
function validate23(data, { instancePath = "", parentData, parentDataProperty, rootData = data, dynamicAnchors = {} } = {}) {
  ;
  let vErrors = null;
  let errors = 0;
  const evaluated0 = validate23.evaluated;
  if (evaluated0.dynamicProps) {
    evaluated0.props = void 0;
  }
  if (evaluated0.dynamicItems) {
    evaluated0.items = void 0;
  }
  if (errors === 0) {
    if (data && typeof data == "object" && !Array.isArray(data)) {
      const _errs2 = errors;
      for (const key0 in data) {
        if (!func1.call(schema53.properties, key0)) {
          validate23.errors = [{ instancePath, schemaPath: "#/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key0 }, message: "must NOT have additional properties" }];
          return false;
          break;
        }
      }
      if (_errs2 === errors) {
        if (data.groups !== void 0) {
          let data0 = data.groups;
          const _errs3 = errors;
          if (errors === _errs3) {
            if (Array.isArray(data0)) {
              if (data0.length > 32) {
                validate23.errors = [{ instancePath: instancePath + "/groups", schemaPath: "#/properties/groups/maxItems", keyword: "maxItems", params: { limit: 32 }, message: "must NOT have more than 32 items" }];
                return false;
              } else {
                var valid1 = true;
                const len0 = data0.length;
                for (let i0 = 0; i0 < len0; i0++) {
                  let data1 = data0[i0];
                  const _errs5 = errors;
                  if (errors === _errs5) {
                    if (typeof data1 === "string") {
                      if (!pattern22.test(data1)) {
                        validate23.errors = [{ instancePath: instancePath + "/groups/" + i0, schemaPath: "#/properties/groups/items/pattern", keyword: "pattern", params: { pattern: "^[a-z_][a-z0-9_.-]{0,255}$" }, message: 'must match pattern "^[a-z_][a-z0-9_.-]{0,255}$"' }];
                        return false;
                      }
                    } else {
                      validate23.errors = [{ instancePath: instancePath + "/groups/" + i0, schemaPath: "#/properties/groups/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                      return false;
                    }
                  }
                  var valid1 = _errs5 === errors;
                  if (!valid1) {
                    break;
                  }
                }
                if (valid1) {
                  let i1 = data0.length;
                  let j0;
                  if (i1 > 1) {
                    const indices0 = {};
                    for (; i1--; ) {
                      let item0 = data0[i1];
                      if (typeof item0 !== "string") {
                        continue;
                      }
                      if (typeof indices0[item0] == "number") {
                        j0 = indices0[item0];
                        validate23.errors = [{ instancePath: instancePath + "/groups", schemaPath: "#/properties/groups/uniqueItems", keyword: "uniqueItems", params: { i: i1, j: j0 }, message: "must NOT have duplicate items (items ## " + j0 + " and " + i1 + " are identical)" }];
                        return false;
                        break;
                      }
                      indices0[item0] = i1;
                    }
                  }
                }
              }
            } else {
              validate23.errors = [{ instancePath: instancePath + "/groups", schemaPath: "#/properties/groups/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
              return false;
            }
          }
          var valid0 = _errs3 === errors;
        } else {
          var valid0 = true;
        }
        if (valid0) {
          if (data.filesystem !== void 0) {
            let data2 = data.filesystem;
            const _errs7 = errors;
            if (errors === _errs7) {
              if (data2 && typeof data2 == "object" && !Array.isArray(data2)) {
                const _errs9 = errors;
                for (const key1 in data2) {
                  if (!(key1 === "read" || key1 === "write" || key1 === "scratch")) {
                    validate23.errors = [{ instancePath: instancePath + "/filesystem", schemaPath: "#/properties/filesystem/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key1 }, message: "must NOT have additional properties" }];
                    return false;
                    break;
                  }
                }
                if (_errs9 === errors) {
                  if (data2.read !== void 0) {
                    let data3 = data2.read;
                    const _errs10 = errors;
                    if (errors === _errs10) {
                      if (Array.isArray(data3)) {
                        if (data3.length > 64) {
                          validate23.errors = [{ instancePath: instancePath + "/filesystem/read", schemaPath: "#/properties/filesystem/properties/read/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                          return false;
                        } else {
                          var valid4 = true;
                          const len1 = data3.length;
                          for (let i2 = 0; i2 < len1; i2++) {
                            let data4 = data3[i2];
                            const _errs12 = errors;
                            const _errs14 = errors;
                            let valid6 = false;
                            const _errs15 = errors;
                            if (errors === _errs15) {
                              if (typeof data4 === "string") {
                                if (func2(data4) > 4096) {
                                  const err0 = { instancePath: instancePath + "/filesystem/read/" + i2, schemaPath: "#/$defs/mount/anyOf/0/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" };
                                  if (vErrors === null) {
                                    vErrors = [err0];
                                  } else {
                                    vErrors.push(err0);
                                  }
                                  errors++;
                                } else {
                                  if (!pattern4.test(data4)) {
                                    const err1 = { instancePath: instancePath + "/filesystem/read/" + i2, schemaPath: "#/$defs/mount/anyOf/0/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' };
                                    if (vErrors === null) {
                                      vErrors = [err1];
                                    } else {
                                      vErrors.push(err1);
                                    }
                                    errors++;
                                  }
                                }
                              } else {
                                const err2 = { instancePath: instancePath + "/filesystem/read/" + i2, schemaPath: "#/$defs/mount/anyOf/0/type", keyword: "type", params: { type: "string" }, message: "must be string" };
                                if (vErrors === null) {
                                  vErrors = [err2];
                                } else {
                                  vErrors.push(err2);
                                }
                                errors++;
                              }
                            }
                            var _valid0 = _errs15 === errors;
                            valid6 = valid6 || _valid0;
                            const _errs17 = errors;
                            if (errors === _errs17) {
                              if (data4 && typeof data4 == "object" && !Array.isArray(data4)) {
                                let missing0;
                                if (data4.path === void 0 && (missing0 = "path") || data4.at === void 0 && (missing0 = "at")) {
                                  const err3 = { instancePath: instancePath + "/filesystem/read/" + i2, schemaPath: "#/$defs/mount/anyOf/1/required", keyword: "required", params: { missingProperty: missing0 }, message: "must have required property '" + missing0 + "'" };
                                  if (vErrors === null) {
                                    vErrors = [err3];
                                  } else {
                                    vErrors.push(err3);
                                  }
                                  errors++;
                                } else {
                                  const _errs19 = errors;
                                  for (const key2 in data4) {
                                    if (!(key2 === "path" || key2 === "at")) {
                                      const err4 = { instancePath: instancePath + "/filesystem/read/" + i2, schemaPath: "#/$defs/mount/anyOf/1/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key2 }, message: "must NOT have additional properties" };
                                      if (vErrors === null) {
                                        vErrors = [err4];
                                      } else {
                                        vErrors.push(err4);
                                      }
                                      errors++;
                                      break;
                                    }
                                  }
                                  if (_errs19 === errors) {
                                    if (data4.path !== void 0) {
                                      let data5 = data4.path;
                                      const _errs20 = errors;
                                      if (errors === _errs20) {
                                        if (typeof data5 === "string") {
                                          if (func2(data5) > 4096) {
                                            const err5 = { instancePath: instancePath + "/filesystem/read/" + i2 + "/path", schemaPath: "#/$defs/mount/anyOf/1/properties/path/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" };
                                            if (vErrors === null) {
                                              vErrors = [err5];
                                            } else {
                                              vErrors.push(err5);
                                            }
                                            errors++;
                                          } else {
                                            if (!pattern4.test(data5)) {
                                              const err6 = { instancePath: instancePath + "/filesystem/read/" + i2 + "/path", schemaPath: "#/$defs/mount/anyOf/1/properties/path/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' };
                                              if (vErrors === null) {
                                                vErrors = [err6];
                                              } else {
                                                vErrors.push(err6);
                                              }
                                              errors++;
                                            }
                                          }
                                        } else {
                                          const err7 = { instancePath: instancePath + "/filesystem/read/" + i2 + "/path", schemaPath: "#/$defs/mount/anyOf/1/properties/path/type", keyword: "type", params: { type: "string" }, message: "must be string" };
                                          if (vErrors === null) {
                                            vErrors = [err7];
                                          } else {
                                            vErrors.push(err7);
                                          }
                                          errors++;
                                        }
                                      }
                                      var valid7 = _errs20 === errors;
                                    } else {
                                      var valid7 = true;
                                    }
                                    if (valid7) {
                                      if (data4.at !== void 0) {
                                        let data6 = data4.at;
                                        const _errs22 = errors;
                                        if (errors === _errs22) {
                                          if (typeof data6 === "string") {
                                            if (func2(data6) > 4096) {
                                              const err8 = { instancePath: instancePath + "/filesystem/read/" + i2 + "/at", schemaPath: "#/$defs/mount/anyOf/1/properties/at/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" };
                                              if (vErrors === null) {
                                                vErrors = [err8];
                                              } else {
                                                vErrors.push(err8);
                                              }
                                              errors++;
                                            } else {
                                              if (!pattern4.test(data6)) {
                                                const err9 = { instancePath: instancePath + "/filesystem/read/" + i2 + "/at", schemaPath: "#/$defs/mount/anyOf/1/properties/at/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' };
                                                if (vErrors === null) {
                                                  vErrors = [err9];
                                                } else {
                                                  vErrors.push(err9);
                                                }
                                                errors++;
                                              }
                                            }
                                          } else {
                                            const err10 = { instancePath: instancePath + "/filesystem/read/" + i2 + "/at", schemaPath: "#/$defs/mount/anyOf/1/properties/at/type", keyword: "type", params: { type: "string" }, message: "must be string" };
                                            if (vErrors === null) {
                                              vErrors = [err10];
                                            } else {
                                              vErrors.push(err10);
                                            }
                                            errors++;
                                          }
                                        }
                                        var valid7 = _errs22 === errors;
                                      } else {
                                        var valid7 = true;
                                      }
                                    }
                                  }
                                }
                              } else {
                                const err11 = { instancePath: instancePath + "/filesystem/read/" + i2, schemaPath: "#/$defs/mount/anyOf/1/type", keyword: "type", params: { type: "object" }, message: "must be object" };
                                if (vErrors === null) {
                                  vErrors = [err11];
                                } else {
                                  vErrors.push(err11);
                                }
                                errors++;
                              }
                            }
                            var _valid0 = _errs17 === errors;
                            valid6 = valid6 || _valid0;
                            if (!valid6) {
                              const err12 = { instancePath: instancePath + "/filesystem/read/" + i2, schemaPath: "#/$defs/mount/anyOf", keyword: "anyOf", params: {}, message: "must match a schema in anyOf" };
                              if (vErrors === null) {
                                vErrors = [err12];
                              } else {
                                vErrors.push(err12);
                              }
                              errors++;
                              validate23.errors = vErrors;
                              return false;
                            } else {
                              errors = _errs14;
                              if (vErrors !== null) {
                                if (_errs14) {
                                  vErrors.length = _errs14;
                                } else {
                                  vErrors = null;
                                }
                              }
                            }
                            var valid4 = _errs12 === errors;
                            if (!valid4) {
                              break;
                            }
                          }
                        }
                      } else {
                        validate23.errors = [{ instancePath: instancePath + "/filesystem/read", schemaPath: "#/properties/filesystem/properties/read/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                        return false;
                      }
                    }
                    var valid3 = _errs10 === errors;
                  } else {
                    var valid3 = true;
                  }
                  if (valid3) {
                    if (data2.write !== void 0) {
                      let data7 = data2.write;
                      const _errs24 = errors;
                      if (errors === _errs24) {
                        if (Array.isArray(data7)) {
                          if (data7.length > 64) {
                            validate23.errors = [{ instancePath: instancePath + "/filesystem/write", schemaPath: "#/properties/filesystem/properties/write/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                            return false;
                          } else {
                            var valid8 = true;
                            const len2 = data7.length;
                            for (let i3 = 0; i3 < len2; i3++) {
                              let data8 = data7[i3];
                              const _errs26 = errors;
                              const _errs28 = errors;
                              let valid10 = false;
                              const _errs29 = errors;
                              if (errors === _errs29) {
                                if (typeof data8 === "string") {
                                  if (func2(data8) > 4096) {
                                    const err13 = { instancePath: instancePath + "/filesystem/write/" + i3, schemaPath: "#/$defs/mount/anyOf/0/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" };
                                    if (vErrors === null) {
                                      vErrors = [err13];
                                    } else {
                                      vErrors.push(err13);
                                    }
                                    errors++;
                                  } else {
                                    if (!pattern4.test(data8)) {
                                      const err14 = { instancePath: instancePath + "/filesystem/write/" + i3, schemaPath: "#/$defs/mount/anyOf/0/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' };
                                      if (vErrors === null) {
                                        vErrors = [err14];
                                      } else {
                                        vErrors.push(err14);
                                      }
                                      errors++;
                                    }
                                  }
                                } else {
                                  const err15 = { instancePath: instancePath + "/filesystem/write/" + i3, schemaPath: "#/$defs/mount/anyOf/0/type", keyword: "type", params: { type: "string" }, message: "must be string" };
                                  if (vErrors === null) {
                                    vErrors = [err15];
                                  } else {
                                    vErrors.push(err15);
                                  }
                                  errors++;
                                }
                              }
                              var _valid1 = _errs29 === errors;
                              valid10 = valid10 || _valid1;
                              const _errs31 = errors;
                              if (errors === _errs31) {
                                if (data8 && typeof data8 == "object" && !Array.isArray(data8)) {
                                  let missing1;
                                  if (data8.path === void 0 && (missing1 = "path") || data8.at === void 0 && (missing1 = "at")) {
                                    const err16 = { instancePath: instancePath + "/filesystem/write/" + i3, schemaPath: "#/$defs/mount/anyOf/1/required", keyword: "required", params: { missingProperty: missing1 }, message: "must have required property '" + missing1 + "'" };
                                    if (vErrors === null) {
                                      vErrors = [err16];
                                    } else {
                                      vErrors.push(err16);
                                    }
                                    errors++;
                                  } else {
                                    const _errs33 = errors;
                                    for (const key3 in data8) {
                                      if (!(key3 === "path" || key3 === "at")) {
                                        const err17 = { instancePath: instancePath + "/filesystem/write/" + i3, schemaPath: "#/$defs/mount/anyOf/1/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key3 }, message: "must NOT have additional properties" };
                                        if (vErrors === null) {
                                          vErrors = [err17];
                                        } else {
                                          vErrors.push(err17);
                                        }
                                        errors++;
                                        break;
                                      }
                                    }
                                    if (_errs33 === errors) {
                                      if (data8.path !== void 0) {
                                        let data9 = data8.path;
                                        const _errs34 = errors;
                                        if (errors === _errs34) {
                                          if (typeof data9 === "string") {
                                            if (func2(data9) > 4096) {
                                              const err18 = { instancePath: instancePath + "/filesystem/write/" + i3 + "/path", schemaPath: "#/$defs/mount/anyOf/1/properties/path/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" };
                                              if (vErrors === null) {
                                                vErrors = [err18];
                                              } else {
                                                vErrors.push(err18);
                                              }
                                              errors++;
                                            } else {
                                              if (!pattern4.test(data9)) {
                                                const err19 = { instancePath: instancePath + "/filesystem/write/" + i3 + "/path", schemaPath: "#/$defs/mount/anyOf/1/properties/path/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' };
                                                if (vErrors === null) {
                                                  vErrors = [err19];
                                                } else {
                                                  vErrors.push(err19);
                                                }
                                                errors++;
                                              }
                                            }
                                          } else {
                                            const err20 = { instancePath: instancePath + "/filesystem/write/" + i3 + "/path", schemaPath: "#/$defs/mount/anyOf/1/properties/path/type", keyword: "type", params: { type: "string" }, message: "must be string" };
                                            if (vErrors === null) {
                                              vErrors = [err20];
                                            } else {
                                              vErrors.push(err20);
                                            }
                                            errors++;
                                          }
                                        }
                                        var valid11 = _errs34 === errors;
                                      } else {
                                        var valid11 = true;
                                      }
                                      if (valid11) {
                                        if (data8.at !== void 0) {
                                          let data10 = data8.at;
                                          const _errs36 = errors;
                                          if (errors === _errs36) {
                                            if (typeof data10 === "string") {
                                              if (func2(data10) > 4096) {
                                                const err21 = { instancePath: instancePath + "/filesystem/write/" + i3 + "/at", schemaPath: "#/$defs/mount/anyOf/1/properties/at/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" };
                                                if (vErrors === null) {
                                                  vErrors = [err21];
                                                } else {
                                                  vErrors.push(err21);
                                                }
                                                errors++;
                                              } else {
                                                if (!pattern4.test(data10)) {
                                                  const err22 = { instancePath: instancePath + "/filesystem/write/" + i3 + "/at", schemaPath: "#/$defs/mount/anyOf/1/properties/at/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' };
                                                  if (vErrors === null) {
                                                    vErrors = [err22];
                                                  } else {
                                                    vErrors.push(err22);
                                                  }
                                                  errors++;
                                                }
                                              }
                                            } else {
                                              const err23 = { instancePath: instancePath + "/filesystem/write/" + i3 + "/at", schemaPath: "#/$defs/mount/anyOf/1/properties/at/type", keyword: "type", params: { type: "string" }, message: "must be string" };
                                              if (vErrors === null) {
                                                vErrors = [err23];
                                              } else {
                                                vErrors.push(err23);
                                              }
                                              errors++;
                                            }
                                          }
                                          var valid11 = _errs36 === errors;
                                        } else {
                                          var valid11 = true;
                                        }
                                      }
                                    }
                                  }
                                } else {
                                  const err24 = { instancePath: instancePath + "/filesystem/write/" + i3, schemaPath: "#/$defs/mount/anyOf/1/type", keyword: "type", params: { type: "object" }, message: "must be object" };
                                  if (vErrors === null) {
                                    vErrors = [err24];
                                  } else {
                                    vErrors.push(err24);
                                  }
                                  errors++;
                                }
                              }
                              var _valid1 = _errs31 === errors;
                              valid10 = valid10 || _valid1;
                              if (!valid10) {
                                const err25 = { instancePath: instancePath + "/filesystem/write/" + i3, schemaPath: "#/$defs/mount/anyOf", keyword: "anyOf", params: {}, message: "must match a schema in anyOf" };
                                if (vErrors === null) {
                                  vErrors = [err25];
                                } else {
                                  vErrors.push(err25);
                                }
                                errors++;
                                validate23.errors = vErrors;
                                return false;
                              } else {
                                errors = _errs28;
                                if (vErrors !== null) {
                                  if (_errs28) {
                                    vErrors.length = _errs28;
                                  } else {
                                    vErrors = null;
                                  }
                                }
                              }
                              var valid8 = _errs26 === errors;
                              if (!valid8) {
                                break;
                              }
                            }
                          }
                        } else {
                          validate23.errors = [{ instancePath: instancePath + "/filesystem/write", schemaPath: "#/properties/filesystem/properties/write/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                          return false;
                        }
                      }
                      var valid3 = _errs24 === errors;
                    } else {
                      var valid3 = true;
                    }
                    if (valid3) {
                      if (data2.scratch !== void 0) {
                        let data11 = data2.scratch;
                        const _errs38 = errors;
                        if (errors === _errs38) {
                          if (Array.isArray(data11)) {
                            if (data11.length > 16) {
                              validate23.errors = [{ instancePath: instancePath + "/filesystem/scratch", schemaPath: "#/properties/filesystem/properties/scratch/maxItems", keyword: "maxItems", params: { limit: 16 }, message: "must NOT have more than 16 items" }];
                              return false;
                            } else {
                              var valid12 = true;
                              const len3 = data11.length;
                              for (let i4 = 0; i4 < len3; i4++) {
                                let data12 = data11[i4];
                                const _errs40 = errors;
                                const _errs41 = errors;
                                if (errors === _errs41) {
                                  if (typeof data12 === "string") {
                                    if (func2(data12) > 4096) {
                                      validate23.errors = [{ instancePath: instancePath + "/filesystem/scratch/" + i4, schemaPath: "#/$defs/path/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" }];
                                      return false;
                                    } else {
                                      if (!pattern4.test(data12)) {
                                        validate23.errors = [{ instancePath: instancePath + "/filesystem/scratch/" + i4, schemaPath: "#/$defs/path/pattern", keyword: "pattern", params: { pattern: "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$" }, message: 'must match pattern "^/(?:[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*)?$"' }];
                                        return false;
                                      }
                                    }
                                  } else {
                                    validate23.errors = [{ instancePath: instancePath + "/filesystem/scratch/" + i4, schemaPath: "#/$defs/path/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                    return false;
                                  }
                                }
                                var valid12 = _errs40 === errors;
                                if (!valid12) {
                                  break;
                                }
                              }
                              if (valid12) {
                                let i5 = data11.length;
                                let j1;
                                if (i5 > 1) {
                                  outer0:
                                    for (; i5--; ) {
                                      for (j1 = i5; j1--; ) {
                                        if (func0(data11[i5], data11[j1])) {
                                          validate23.errors = [{ instancePath: instancePath + "/filesystem/scratch", schemaPath: "#/properties/filesystem/properties/scratch/uniqueItems", keyword: "uniqueItems", params: { i: i5, j: j1 }, message: "must NOT have duplicate items (items ## " + j1 + " and " + i5 + " are identical)" }];
                                          return false;
                                          break outer0;
                                        }
                                      }
                                    }
                                }
                              }
                            }
                          } else {
                            validate23.errors = [{ instancePath: instancePath + "/filesystem/scratch", schemaPath: "#/properties/filesystem/properties/scratch/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                            return false;
                          }
                        }
                        var valid3 = _errs38 === errors;
                      } else {
                        var valid3 = true;
                      }
                    }
                  }
                }
              } else {
                validate23.errors = [{ instancePath: instancePath + "/filesystem", schemaPath: "#/properties/filesystem/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                return false;
              }
            }
            var valid0 = _errs7 === errors;
          } else {
            var valid0 = true;
          }
          if (valid0) {
            if (data.network !== void 0) {
              let data13 = data.network;
              const _errs43 = errors;
              if (typeof data13 !== "string") {
                validate23.errors = [{ instancePath: instancePath + "/network", schemaPath: "#/properties/network/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                return false;
              }
              if (!(data13 === "none" || data13 === "loopback" || data13 === "host")) {
                validate23.errors = [{ instancePath: instancePath + "/network", schemaPath: "#/properties/network/enum", keyword: "enum", params: { allowedValues: schema53.properties.network.enum }, message: "must be equal to one of the allowed values" }];
                return false;
              }
              var valid0 = _errs43 === errors;
            } else {
              var valid0 = true;
            }
            if (valid0) {
              if (data.capabilities !== void 0) {
                let data14 = data.capabilities;
                const _errs45 = errors;
                if (errors === _errs45) {
                  if (Array.isArray(data14)) {
                    if (data14.length > 41) {
                      validate23.errors = [{ instancePath: instancePath + "/capabilities", schemaPath: "#/properties/capabilities/maxItems", keyword: "maxItems", params: { limit: 41 }, message: "must NOT have more than 41 items" }];
                      return false;
                    } else {
                      var valid15 = true;
                      const len4 = data14.length;
                      for (let i6 = 0; i6 < len4; i6++) {
                        let data15 = data14[i6];
                        const _errs47 = errors;
                        if (errors === _errs47) {
                          if (typeof data15 === "string") {
                            if (!pattern33.test(data15)) {
                              validate23.errors = [{ instancePath: instancePath + "/capabilities/" + i6, schemaPath: "#/properties/capabilities/items/pattern", keyword: "pattern", params: { pattern: "^CAP_[A-Z_]{1,32}$" }, message: 'must match pattern "^CAP_[A-Z_]{1,32}$"' }];
                              return false;
                            }
                          } else {
                            validate23.errors = [{ instancePath: instancePath + "/capabilities/" + i6, schemaPath: "#/properties/capabilities/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                            return false;
                          }
                        }
                        var valid15 = _errs47 === errors;
                        if (!valid15) {
                          break;
                        }
                      }
                      if (valid15) {
                        let i7 = data14.length;
                        let j2;
                        if (i7 > 1) {
                          const indices1 = {};
                          for (; i7--; ) {
                            let item1 = data14[i7];
                            if (typeof item1 !== "string") {
                              continue;
                            }
                            if (typeof indices1[item1] == "number") {
                              j2 = indices1[item1];
                              validate23.errors = [{ instancePath: instancePath + "/capabilities", schemaPath: "#/properties/capabilities/uniqueItems", keyword: "uniqueItems", params: { i: i7, j: j2 }, message: "must NOT have duplicate items (items ## " + j2 + " and " + i7 + " are identical)" }];
                              return false;
                              break;
                            }
                            indices1[item1] = i7;
                          }
                        }
                      }
                    }
                  } else {
                    validate23.errors = [{ instancePath: instancePath + "/capabilities", schemaPath: "#/properties/capabilities/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                    return false;
                  }
                }
                var valid0 = _errs45 === errors;
              } else {
                var valid0 = true;
              }
              if (valid0) {
                if (data.devices !== void 0) {
                  let data16 = data.devices;
                  const _errs49 = errors;
                  if (errors === _errs49) {
                    if (Array.isArray(data16)) {
                      if (data16.length > 32) {
                        validate23.errors = [{ instancePath: instancePath + "/devices", schemaPath: "#/properties/devices/maxItems", keyword: "maxItems", params: { limit: 32 }, message: "must NOT have more than 32 items" }];
                        return false;
                      } else {
                        var valid17 = true;
                        const len5 = data16.length;
                        for (let i8 = 0; i8 < len5; i8++) {
                          let data17 = data16[i8];
                          const _errs51 = errors;
                          if (errors === _errs51) {
                            if (typeof data17 === "string") {
                              if (!pattern34.test(data17)) {
                                validate23.errors = [{ instancePath: instancePath + "/devices/" + i8, schemaPath: "#/properties/devices/items/pattern", keyword: "pattern", params: { pattern: "^/dev/[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,200}$" }, message: 'must match pattern "^/dev/[A-Za-z0-9_][A-Za-z0-9_.:/-]{0,200}$"' }];
                                return false;
                              }
                            } else {
                              validate23.errors = [{ instancePath: instancePath + "/devices/" + i8, schemaPath: "#/properties/devices/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                              return false;
                            }
                          }
                          var valid17 = _errs51 === errors;
                          if (!valid17) {
                            break;
                          }
                        }
                        if (valid17) {
                          let i9 = data16.length;
                          let j3;
                          if (i9 > 1) {
                            const indices2 = {};
                            for (; i9--; ) {
                              let item2 = data16[i9];
                              if (typeof item2 !== "string") {
                                continue;
                              }
                              if (typeof indices2[item2] == "number") {
                                j3 = indices2[item2];
                                validate23.errors = [{ instancePath: instancePath + "/devices", schemaPath: "#/properties/devices/uniqueItems", keyword: "uniqueItems", params: { i: i9, j: j3 }, message: "must NOT have duplicate items (items ## " + j3 + " and " + i9 + " are identical)" }];
                                return false;
                                break;
                              }
                              indices2[item2] = i9;
                            }
                          }
                        }
                      }
                    } else {
                      validate23.errors = [{ instancePath: instancePath + "/devices", schemaPath: "#/properties/devices/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                      return false;
                    }
                  }
                  var valid0 = _errs49 === errors;
                } else {
                  var valid0 = true;
                }
                if (valid0) {
                  if (data.syscalls !== void 0) {
                    let data18 = data.syscalls;
                    const _errs53 = errors;
                    if (errors === _errs53) {
                      if (data18 && typeof data18 == "object" && !Array.isArray(data18)) {
                        const _errs55 = errors;
                        for (const key4 in data18) {
                          if (!(key4 === "filter" || key4 === "allow" || key4 === "sockets")) {
                            validate23.errors = [{ instancePath: instancePath + "/syscalls", schemaPath: "#/properties/syscalls/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key4 }, message: "must NOT have additional properties" }];
                            return false;
                            break;
                          }
                        }
                        if (_errs55 === errors) {
                          if (data18.filter !== void 0) {
                            let data19 = data18.filter;
                            const _errs56 = errors;
                            if (typeof data19 !== "string") {
                              validate23.errors = [{ instancePath: instancePath + "/syscalls/filter", schemaPath: "#/properties/syscalls/properties/filter/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                              return false;
                            }
                            if (!(data19 === "default" || data19 === "strict")) {
                              validate23.errors = [{ instancePath: instancePath + "/syscalls/filter", schemaPath: "#/properties/syscalls/properties/filter/enum", keyword: "enum", params: { allowedValues: schema53.properties.syscalls.properties.filter.enum }, message: "must be equal to one of the allowed values" }];
                              return false;
                            }
                            var valid19 = _errs56 === errors;
                          } else {
                            var valid19 = true;
                          }
                          if (valid19) {
                            if (data18.allow !== void 0) {
                              let data20 = data18.allow;
                              const _errs58 = errors;
                              if (errors === _errs58) {
                                if (Array.isArray(data20)) {
                                  if (data20.length > 64) {
                                    validate23.errors = [{ instancePath: instancePath + "/syscalls/allow", schemaPath: "#/properties/syscalls/properties/allow/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                                    return false;
                                  } else {
                                    var valid20 = true;
                                    const len6 = data20.length;
                                    for (let i10 = 0; i10 < len6; i10++) {
                                      let data21 = data20[i10];
                                      const _errs60 = errors;
                                      if (errors === _errs60) {
                                        if (typeof data21 === "string") {
                                          if (!pattern35.test(data21)) {
                                            validate23.errors = [{ instancePath: instancePath + "/syscalls/allow/" + i10, schemaPath: "#/properties/syscalls/properties/allow/items/pattern", keyword: "pattern", params: { pattern: "^[a-z_][a-z0-9_]{0,63}$" }, message: 'must match pattern "^[a-z_][a-z0-9_]{0,63}$"' }];
                                            return false;
                                          }
                                        } else {
                                          validate23.errors = [{ instancePath: instancePath + "/syscalls/allow/" + i10, schemaPath: "#/properties/syscalls/properties/allow/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                          return false;
                                        }
                                      }
                                      var valid20 = _errs60 === errors;
                                      if (!valid20) {
                                        break;
                                      }
                                    }
                                    if (valid20) {
                                      let i11 = data20.length;
                                      let j4;
                                      if (i11 > 1) {
                                        const indices3 = {};
                                        for (; i11--; ) {
                                          let item3 = data20[i11];
                                          if (typeof item3 !== "string") {
                                            continue;
                                          }
                                          if (typeof indices3[item3] == "number") {
                                            j4 = indices3[item3];
                                            validate23.errors = [{ instancePath: instancePath + "/syscalls/allow", schemaPath: "#/properties/syscalls/properties/allow/uniqueItems", keyword: "uniqueItems", params: { i: i11, j: j4 }, message: "must NOT have duplicate items (items ## " + j4 + " and " + i11 + " are identical)" }];
                                            return false;
                                            break;
                                          }
                                          indices3[item3] = i11;
                                        }
                                      }
                                    }
                                  }
                                } else {
                                  validate23.errors = [{ instancePath: instancePath + "/syscalls/allow", schemaPath: "#/properties/syscalls/properties/allow/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                  return false;
                                }
                              }
                              var valid19 = _errs58 === errors;
                            } else {
                              var valid19 = true;
                            }
                            if (valid19) {
                              if (data18.sockets !== void 0) {
                                let data22 = data18.sockets;
                                const _errs62 = errors;
                                if (errors === _errs62) {
                                  if (Array.isArray(data22)) {
                                    if (data22.length > 3) {
                                      validate23.errors = [{ instancePath: instancePath + "/syscalls/sockets", schemaPath: "#/properties/syscalls/properties/sockets/maxItems", keyword: "maxItems", params: { limit: 3 }, message: "must NOT have more than 3 items" }];
                                      return false;
                                    } else {
                                      var valid22 = true;
                                      const len7 = data22.length;
                                      for (let i12 = 0; i12 < len7; i12++) {
                                        let data23 = data22[i12];
                                        const _errs64 = errors;
                                        if (typeof data23 !== "string") {
                                          validate23.errors = [{ instancePath: instancePath + "/syscalls/sockets/" + i12, schemaPath: "#/properties/syscalls/properties/sockets/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                          return false;
                                        }
                                        if (!(data23 === "netlink" || data23 === "packet" || data23 === "vsock")) {
                                          validate23.errors = [{ instancePath: instancePath + "/syscalls/sockets/" + i12, schemaPath: "#/properties/syscalls/properties/sockets/items/enum", keyword: "enum", params: { allowedValues: schema53.properties.syscalls.properties.sockets.items.enum }, message: "must be equal to one of the allowed values" }];
                                          return false;
                                        }
                                        var valid22 = _errs64 === errors;
                                        if (!valid22) {
                                          break;
                                        }
                                      }
                                      if (valid22) {
                                        let i13 = data22.length;
                                        let j5;
                                        if (i13 > 1) {
                                          const indices4 = {};
                                          for (; i13--; ) {
                                            let item4 = data22[i13];
                                            if (typeof item4 !== "string") {
                                              continue;
                                            }
                                            if (typeof indices4[item4] == "number") {
                                              j5 = indices4[item4];
                                              validate23.errors = [{ instancePath: instancePath + "/syscalls/sockets", schemaPath: "#/properties/syscalls/properties/sockets/uniqueItems", keyword: "uniqueItems", params: { i: i13, j: j5 }, message: "must NOT have duplicate items (items ## " + j5 + " and " + i13 + " are identical)" }];
                                              return false;
                                              break;
                                            }
                                            indices4[item4] = i13;
                                          }
                                        }
                                      }
                                    }
                                  } else {
                                    validate23.errors = [{ instancePath: instancePath + "/syscalls/sockets", schemaPath: "#/properties/syscalls/properties/sockets/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                    return false;
                                  }
                                }
                                var valid19 = _errs62 === errors;
                              } else {
                                var valid19 = true;
                              }
                            }
                          }
                        }
                      } else {
                        validate23.errors = [{ instancePath: instancePath + "/syscalls", schemaPath: "#/properties/syscalls/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                        return false;
                      }
                    }
                    var valid0 = _errs53 === errors;
                  } else {
                    var valid0 = true;
                  }
                  if (valid0) {
                    if (data.limits !== void 0) {
                      let data24 = data.limits;
                      const _errs66 = errors;
                      if (errors === _errs66) {
                        if (data24 && typeof data24 == "object" && !Array.isArray(data24)) {
                          const _errs68 = errors;
                          for (const key5 in data24) {
                            if (!func1.call(schema53.properties.limits.properties, key5)) {
                              validate23.errors = [{ instancePath: instancePath + "/limits", schemaPath: "#/properties/limits/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key5 }, message: "must NOT have additional properties" }];
                              return false;
                              break;
                            }
                          }
                          if (_errs68 === errors) {
                            if (data24.wall_ms !== void 0) {
                              let data25 = data24.wall_ms;
                              const _errs69 = errors;
                              if (!(typeof data25 == "number" && (!(data25 % 1) && !isNaN(data25)) && isFinite(data25))) {
                                validate23.errors = [{ instancePath: instancePath + "/limits/wall_ms", schemaPath: "#/properties/limits/properties/wall_ms/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                return false;
                              }
                              if (errors === _errs69) {
                                if (typeof data25 == "number" && isFinite(data25)) {
                                  if (data25 > 864e5 || isNaN(data25)) {
                                    validate23.errors = [{ instancePath: instancePath + "/limits/wall_ms", schemaPath: "#/properties/limits/properties/wall_ms/maximum", keyword: "maximum", params: { comparison: "<=", limit: 864e5 }, message: "must be <= 86400000" }];
                                    return false;
                                  } else {
                                    if (data25 < 10 || isNaN(data25)) {
                                      validate23.errors = [{ instancePath: instancePath + "/limits/wall_ms", schemaPath: "#/properties/limits/properties/wall_ms/minimum", keyword: "minimum", params: { comparison: ">=", limit: 10 }, message: "must be >= 10" }];
                                      return false;
                                    }
                                  }
                                }
                              }
                              var valid24 = _errs69 === errors;
                            } else {
                              var valid24 = true;
                            }
                            if (valid24) {
                              if (data24.idle_ms !== void 0) {
                                let data26 = data24.idle_ms;
                                const _errs71 = errors;
                                if (!(typeof data26 == "number" && (!(data26 % 1) && !isNaN(data26)) && isFinite(data26)) && data26 !== null) {
                                  validate23.errors = [{ instancePath: instancePath + "/limits/idle_ms", schemaPath: "#/properties/limits/properties/idle_ms/type", keyword: "type", params: { type: schema53.properties.limits.properties.idle_ms.type }, message: "must be integer,null" }];
                                  return false;
                                }
                                if (errors === _errs71) {
                                  if (typeof data26 == "number" && isFinite(data26)) {
                                    if (data26 > 864e5 || isNaN(data26)) {
                                      validate23.errors = [{ instancePath: instancePath + "/limits/idle_ms", schemaPath: "#/properties/limits/properties/idle_ms/maximum", keyword: "maximum", params: { comparison: "<=", limit: 864e5 }, message: "must be <= 86400000" }];
                                      return false;
                                    } else {
                                      if (data26 < 10 || isNaN(data26)) {
                                        validate23.errors = [{ instancePath: instancePath + "/limits/idle_ms", schemaPath: "#/properties/limits/properties/idle_ms/minimum", keyword: "minimum", params: { comparison: ">=", limit: 10 }, message: "must be >= 10" }];
                                        return false;
                                      }
                                    }
                                  }
                                }
                                var valid24 = _errs71 === errors;
                              } else {
                                var valid24 = true;
                              }
                              if (valid24) {
                                if (data24.cpu_seconds !== void 0) {
                                  let data27 = data24.cpu_seconds;
                                  const _errs73 = errors;
                                  if (!(typeof data27 == "number" && (!(data27 % 1) && !isNaN(data27)) && isFinite(data27))) {
                                    validate23.errors = [{ instancePath: instancePath + "/limits/cpu_seconds", schemaPath: "#/properties/limits/properties/cpu_seconds/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                    return false;
                                  }
                                  if (errors === _errs73) {
                                    if (typeof data27 == "number" && isFinite(data27)) {
                                      if (data27 > 86400 || isNaN(data27)) {
                                        validate23.errors = [{ instancePath: instancePath + "/limits/cpu_seconds", schemaPath: "#/properties/limits/properties/cpu_seconds/maximum", keyword: "maximum", params: { comparison: "<=", limit: 86400 }, message: "must be <= 86400" }];
                                        return false;
                                      } else {
                                        if (data27 < 1 || isNaN(data27)) {
                                          validate23.errors = [{ instancePath: instancePath + "/limits/cpu_seconds", schemaPath: "#/properties/limits/properties/cpu_seconds/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                          return false;
                                        }
                                      }
                                    }
                                  }
                                  var valid24 = _errs73 === errors;
                                } else {
                                  var valid24 = true;
                                }
                                if (valid24) {
                                  if (data24.address_space_bytes !== void 0) {
                                    let data28 = data24.address_space_bytes;
                                    const _errs75 = errors;
                                    if (!(typeof data28 == "number" && (!(data28 % 1) && !isNaN(data28)) && isFinite(data28)) && data28 !== null) {
                                      validate23.errors = [{ instancePath: instancePath + "/limits/address_space_bytes", schemaPath: "#/properties/limits/properties/address_space_bytes/type", keyword: "type", params: { type: schema53.properties.limits.properties.address_space_bytes.type }, message: "must be integer,null" }];
                                      return false;
                                    }
                                    if (errors === _errs75) {
                                      if (typeof data28 == "number" && isFinite(data28)) {
                                        if (data28 > 1099511627776 || isNaN(data28)) {
                                          validate23.errors = [{ instancePath: instancePath + "/limits/address_space_bytes", schemaPath: "#/properties/limits/properties/address_space_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1099511627776 }, message: "must be <= 1099511627776" }];
                                          return false;
                                        } else {
                                          if (data28 < 1048576 || isNaN(data28)) {
                                            validate23.errors = [{ instancePath: instancePath + "/limits/address_space_bytes", schemaPath: "#/properties/limits/properties/address_space_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1048576 }, message: "must be >= 1048576" }];
                                            return false;
                                          }
                                        }
                                      }
                                    }
                                    var valid24 = _errs75 === errors;
                                  } else {
                                    var valid24 = true;
                                  }
                                  if (valid24) {
                                    if (data24.data_bytes !== void 0) {
                                      let data29 = data24.data_bytes;
                                      const _errs77 = errors;
                                      if (!(typeof data29 == "number" && (!(data29 % 1) && !isNaN(data29)) && isFinite(data29)) && data29 !== null) {
                                        validate23.errors = [{ instancePath: instancePath + "/limits/data_bytes", schemaPath: "#/properties/limits/properties/data_bytes/type", keyword: "type", params: { type: schema53.properties.limits.properties.data_bytes.type }, message: "must be integer,null" }];
                                        return false;
                                      }
                                      if (errors === _errs77) {
                                        if (typeof data29 == "number" && isFinite(data29)) {
                                          if (data29 > 1099511627776 || isNaN(data29)) {
                                            validate23.errors = [{ instancePath: instancePath + "/limits/data_bytes", schemaPath: "#/properties/limits/properties/data_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1099511627776 }, message: "must be <= 1099511627776" }];
                                            return false;
                                          } else {
                                            if (data29 < 1048576 || isNaN(data29)) {
                                              validate23.errors = [{ instancePath: instancePath + "/limits/data_bytes", schemaPath: "#/properties/limits/properties/data_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1048576 }, message: "must be >= 1048576" }];
                                              return false;
                                            }
                                          }
                                        }
                                      }
                                      var valid24 = _errs77 === errors;
                                    } else {
                                      var valid24 = true;
                                    }
                                    if (valid24) {
                                      if (data24.memory_bytes !== void 0) {
                                        let data30 = data24.memory_bytes;
                                        const _errs79 = errors;
                                        if (!(typeof data30 == "number" && (!(data30 % 1) && !isNaN(data30)) && isFinite(data30))) {
                                          validate23.errors = [{ instancePath: instancePath + "/limits/memory_bytes", schemaPath: "#/properties/limits/properties/memory_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                          return false;
                                        }
                                        if (errors === _errs79) {
                                          if (typeof data30 == "number" && isFinite(data30)) {
                                            if (data30 > 1099511627776 || isNaN(data30)) {
                                              validate23.errors = [{ instancePath: instancePath + "/limits/memory_bytes", schemaPath: "#/properties/limits/properties/memory_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1099511627776 }, message: "must be <= 1099511627776" }];
                                              return false;
                                            } else {
                                              if (data30 < 16777216 || isNaN(data30)) {
                                                validate23.errors = [{ instancePath: instancePath + "/limits/memory_bytes", schemaPath: "#/properties/limits/properties/memory_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 16777216 }, message: "must be >= 16777216" }];
                                                return false;
                                              }
                                            }
                                          }
                                        }
                                        var valid24 = _errs79 === errors;
                                      } else {
                                        var valid24 = true;
                                      }
                                      if (valid24) {
                                        if (data24.cpu_percent !== void 0) {
                                          let data31 = data24.cpu_percent;
                                          const _errs81 = errors;
                                          if (!(typeof data31 == "number" && (!(data31 % 1) && !isNaN(data31)) && isFinite(data31)) && data31 !== null) {
                                            validate23.errors = [{ instancePath: instancePath + "/limits/cpu_percent", schemaPath: "#/properties/limits/properties/cpu_percent/type", keyword: "type", params: { type: schema53.properties.limits.properties.cpu_percent.type }, message: "must be integer,null" }];
                                            return false;
                                          }
                                          if (errors === _errs81) {
                                            if (typeof data31 == "number" && isFinite(data31)) {
                                              if (data31 > 102400 || isNaN(data31)) {
                                                validate23.errors = [{ instancePath: instancePath + "/limits/cpu_percent", schemaPath: "#/properties/limits/properties/cpu_percent/maximum", keyword: "maximum", params: { comparison: "<=", limit: 102400 }, message: "must be <= 102400" }];
                                                return false;
                                              } else {
                                                if (data31 < 1 || isNaN(data31)) {
                                                  validate23.errors = [{ instancePath: instancePath + "/limits/cpu_percent", schemaPath: "#/properties/limits/properties/cpu_percent/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                  return false;
                                                }
                                              }
                                            }
                                          }
                                          var valid24 = _errs81 === errors;
                                        } else {
                                          var valid24 = true;
                                        }
                                        if (valid24) {
                                          if (data24.processes !== void 0) {
                                            let data32 = data24.processes;
                                            const _errs83 = errors;
                                            if (!(typeof data32 == "number" && (!(data32 % 1) && !isNaN(data32)) && isFinite(data32))) {
                                              validate23.errors = [{ instancePath: instancePath + "/limits/processes", schemaPath: "#/properties/limits/properties/processes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                              return false;
                                            }
                                            if (errors === _errs83) {
                                              if (typeof data32 == "number" && isFinite(data32)) {
                                                if (data32 > 32768 || isNaN(data32)) {
                                                  validate23.errors = [{ instancePath: instancePath + "/limits/processes", schemaPath: "#/properties/limits/properties/processes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 32768 }, message: "must be <= 32768" }];
                                                  return false;
                                                } else {
                                                  if (data32 < 1 || isNaN(data32)) {
                                                    validate23.errors = [{ instancePath: instancePath + "/limits/processes", schemaPath: "#/properties/limits/properties/processes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1 }, message: "must be >= 1" }];
                                                    return false;
                                                  }
                                                }
                                              }
                                            }
                                            var valid24 = _errs83 === errors;
                                          } else {
                                            var valid24 = true;
                                          }
                                          if (valid24) {
                                            if (data24.open_files !== void 0) {
                                              let data33 = data24.open_files;
                                              const _errs85 = errors;
                                              if (!(typeof data33 == "number" && (!(data33 % 1) && !isNaN(data33)) && isFinite(data33))) {
                                                validate23.errors = [{ instancePath: instancePath + "/limits/open_files", schemaPath: "#/properties/limits/properties/open_files/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                return false;
                                              }
                                              if (errors === _errs85) {
                                                if (typeof data33 == "number" && isFinite(data33)) {
                                                  if (data33 > 65536 || isNaN(data33)) {
                                                    validate23.errors = [{ instancePath: instancePath + "/limits/open_files", schemaPath: "#/properties/limits/properties/open_files/maximum", keyword: "maximum", params: { comparison: "<=", limit: 65536 }, message: "must be <= 65536" }];
                                                    return false;
                                                  } else {
                                                    if (data33 < 8 || isNaN(data33)) {
                                                      validate23.errors = [{ instancePath: instancePath + "/limits/open_files", schemaPath: "#/properties/limits/properties/open_files/minimum", keyword: "minimum", params: { comparison: ">=", limit: 8 }, message: "must be >= 8" }];
                                                      return false;
                                                    }
                                                  }
                                                }
                                              }
                                              var valid24 = _errs85 === errors;
                                            } else {
                                              var valid24 = true;
                                            }
                                            if (valid24) {
                                              if (data24.file_bytes !== void 0) {
                                                let data34 = data24.file_bytes;
                                                const _errs87 = errors;
                                                if (!(typeof data34 == "number" && (!(data34 % 1) && !isNaN(data34)) && isFinite(data34))) {
                                                  validate23.errors = [{ instancePath: instancePath + "/limits/file_bytes", schemaPath: "#/properties/limits/properties/file_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                  return false;
                                                }
                                                if (errors === _errs87) {
                                                  if (typeof data34 == "number" && isFinite(data34)) {
                                                    if (data34 > 1099511627776 || isNaN(data34)) {
                                                      validate23.errors = [{ instancePath: instancePath + "/limits/file_bytes", schemaPath: "#/properties/limits/properties/file_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1099511627776 }, message: "must be <= 1099511627776" }];
                                                      return false;
                                                    } else {
                                                      if (data34 < 0 || isNaN(data34)) {
                                                        validate23.errors = [{ instancePath: instancePath + "/limits/file_bytes", schemaPath: "#/properties/limits/properties/file_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                                        return false;
                                                      }
                                                    }
                                                  }
                                                }
                                                var valid24 = _errs87 === errors;
                                              } else {
                                                var valid24 = true;
                                              }
                                              if (valid24) {
                                                if (data24.output_bytes !== void 0) {
                                                  let data35 = data24.output_bytes;
                                                  const _errs89 = errors;
                                                  if (!(typeof data35 == "number" && (!(data35 % 1) && !isNaN(data35)) && isFinite(data35))) {
                                                    validate23.errors = [{ instancePath: instancePath + "/limits/output_bytes", schemaPath: "#/properties/limits/properties/output_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                    return false;
                                                  }
                                                  if (errors === _errs89) {
                                                    if (typeof data35 == "number" && isFinite(data35)) {
                                                      if (data35 > 1073741824 || isNaN(data35)) {
                                                        validate23.errors = [{ instancePath: instancePath + "/limits/output_bytes", schemaPath: "#/properties/limits/properties/output_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1073741824 }, message: "must be <= 1073741824" }];
                                                        return false;
                                                      } else {
                                                        if (data35 < 1024 || isNaN(data35)) {
                                                          validate23.errors = [{ instancePath: instancePath + "/limits/output_bytes", schemaPath: "#/properties/limits/properties/output_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1024 }, message: "must be >= 1024" }];
                                                          return false;
                                                        }
                                                      }
                                                    }
                                                  }
                                                  var valid24 = _errs89 === errors;
                                                } else {
                                                  var valid24 = true;
                                                }
                                                if (valid24) {
                                                  if (data24.stream_bytes !== void 0) {
                                                    let data36 = data24.stream_bytes;
                                                    const _errs91 = errors;
                                                    if (!(typeof data36 == "number" && (!(data36 % 1) && !isNaN(data36)) && isFinite(data36))) {
                                                      validate23.errors = [{ instancePath: instancePath + "/limits/stream_bytes", schemaPath: "#/properties/limits/properties/stream_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                      return false;
                                                    }
                                                    if (errors === _errs91) {
                                                      if (typeof data36 == "number" && isFinite(data36)) {
                                                        if (data36 > 1099511627776 || isNaN(data36)) {
                                                          validate23.errors = [{ instancePath: instancePath + "/limits/stream_bytes", schemaPath: "#/properties/limits/properties/stream_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1099511627776 }, message: "must be <= 1099511627776" }];
                                                          return false;
                                                        } else {
                                                          if (data36 < 1024 || isNaN(data36)) {
                                                            validate23.errors = [{ instancePath: instancePath + "/limits/stream_bytes", schemaPath: "#/properties/limits/properties/stream_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 1024 }, message: "must be >= 1024" }];
                                                            return false;
                                                          }
                                                        }
                                                      }
                                                    }
                                                    var valid24 = _errs91 === errors;
                                                  } else {
                                                    var valid24 = true;
                                                  }
                                                  if (valid24) {
                                                    if (data24.term_grace_ms !== void 0) {
                                                      let data37 = data24.term_grace_ms;
                                                      const _errs93 = errors;
                                                      if (!(typeof data37 == "number" && (!(data37 % 1) && !isNaN(data37)) && isFinite(data37))) {
                                                        validate23.errors = [{ instancePath: instancePath + "/limits/term_grace_ms", schemaPath: "#/properties/limits/properties/term_grace_ms/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                        return false;
                                                      }
                                                      if (errors === _errs93) {
                                                        if (typeof data37 == "number" && isFinite(data37)) {
                                                          if (data37 > 6e4 || isNaN(data37)) {
                                                            validate23.errors = [{ instancePath: instancePath + "/limits/term_grace_ms", schemaPath: "#/properties/limits/properties/term_grace_ms/maximum", keyword: "maximum", params: { comparison: "<=", limit: 6e4 }, message: "must be <= 60000" }];
                                                            return false;
                                                          } else {
                                                            if (data37 < 0 || isNaN(data37)) {
                                                              validate23.errors = [{ instancePath: instancePath + "/limits/term_grace_ms", schemaPath: "#/properties/limits/properties/term_grace_ms/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                                              return false;
                                                            }
                                                          }
                                                        }
                                                      }
                                                      var valid24 = _errs93 === errors;
                                                    } else {
                                                      var valid24 = true;
                                                    }
                                                    if (valid24) {
                                                      if (data24.scratch_bytes !== void 0) {
                                                        let data38 = data24.scratch_bytes;
                                                        const _errs95 = errors;
                                                        if (!(typeof data38 == "number" && (!(data38 % 1) && !isNaN(data38)) && isFinite(data38))) {
                                                          validate23.errors = [{ instancePath: instancePath + "/limits/scratch_bytes", schemaPath: "#/properties/limits/properties/scratch_bytes/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                          return false;
                                                        }
                                                        if (errors === _errs95) {
                                                          if (typeof data38 == "number" && isFinite(data38)) {
                                                            if (data38 > 1073741824 || isNaN(data38)) {
                                                              validate23.errors = [{ instancePath: instancePath + "/limits/scratch_bytes", schemaPath: "#/properties/limits/properties/scratch_bytes/maximum", keyword: "maximum", params: { comparison: "<=", limit: 1073741824 }, message: "must be <= 1073741824" }];
                                                              return false;
                                                            } else {
                                                              if (data38 < 4096 || isNaN(data38)) {
                                                                validate23.errors = [{ instancePath: instancePath + "/limits/scratch_bytes", schemaPath: "#/properties/limits/properties/scratch_bytes/minimum", keyword: "minimum", params: { comparison: ">=", limit: 4096 }, message: "must be >= 4096" }];
                                                                return false;
                                                              }
                                                            }
                                                          }
                                                        }
                                                        var valid24 = _errs95 === errors;
                                                      } else {
                                                        var valid24 = true;
                                                      }
                                                    }
                                                  }
                                                }
                                              }
                                            }
                                          }
                                        }
                                      }
                                    }
                                  }
                                }
                              }
                            }
                          }
                        } else {
                          validate23.errors = [{ instancePath: instancePath + "/limits", schemaPath: "#/properties/limits/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                          return false;
                        }
                      }
                      var valid0 = _errs66 === errors;
                    } else {
                      var valid0 = true;
                    }
                    if (valid0) {
                      if (data.secrets !== void 0) {
                        let data39 = data.secrets;
                        const _errs97 = errors;
                        if (errors === _errs97) {
                          if (Array.isArray(data39)) {
                            if (data39.length > 16) {
                              validate23.errors = [{ instancePath: instancePath + "/secrets", schemaPath: "#/properties/secrets/maxItems", keyword: "maxItems", params: { limit: 16 }, message: "must NOT have more than 16 items" }];
                              return false;
                            } else {
                              var valid25 = true;
                              const len8 = data39.length;
                              for (let i14 = 0; i14 < len8; i14++) {
                                let data40 = data39[i14];
                                const _errs99 = errors;
                                if (errors === _errs99) {
                                  if (data40 && typeof data40 == "object" && !Array.isArray(data40)) {
                                    let missing2;
                                    if (data40.name === void 0 && (missing2 = "name")) {
                                      validate23.errors = [{ instancePath: instancePath + "/secrets/" + i14, schemaPath: "#/properties/secrets/items/required", keyword: "required", params: { missingProperty: missing2 }, message: "must have required property '" + missing2 + "'" }];
                                      return false;
                                    } else {
                                      const _errs101 = errors;
                                      for (const key6 in data40) {
                                        if (!(key6 === "name" || key6 === "as" || key6 === "variable")) {
                                          validate23.errors = [{ instancePath: instancePath + "/secrets/" + i14, schemaPath: "#/properties/secrets/items/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key6 }, message: "must NOT have additional properties" }];
                                          return false;
                                          break;
                                        }
                                      }
                                      if (_errs101 === errors) {
                                        if (data40.name !== void 0) {
                                          let data41 = data40.name;
                                          const _errs102 = errors;
                                          if (errors === _errs102) {
                                            if (typeof data41 === "string") {
                                              if (!pattern7.test(data41)) {
                                                validate23.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/name", schemaPath: "#/properties/secrets/items/properties/name/pattern", keyword: "pattern", params: { pattern: "^[a-z][a-z0-9_-]{0,31}$" }, message: 'must match pattern "^[a-z][a-z0-9_-]{0,31}$"' }];
                                                return false;
                                              }
                                            } else {
                                              validate23.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/name", schemaPath: "#/properties/secrets/items/properties/name/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                              return false;
                                            }
                                          }
                                          var valid26 = _errs102 === errors;
                                        } else {
                                          var valid26 = true;
                                        }
                                        if (valid26) {
                                          if (data40.as !== void 0) {
                                            let data42 = data40.as;
                                            const _errs104 = errors;
                                            if (typeof data42 !== "string") {
                                              validate23.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/as", schemaPath: "#/properties/secrets/items/properties/as/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                              return false;
                                            }
                                            if (!(data42 === "file" || data42 === "descriptor" || data42 === "environment")) {
                                              validate23.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/as", schemaPath: "#/properties/secrets/items/properties/as/enum", keyword: "enum", params: { allowedValues: schema53.properties.secrets.items.properties.as.enum }, message: "must be equal to one of the allowed values" }];
                                              return false;
                                            }
                                            var valid26 = _errs104 === errors;
                                          } else {
                                            var valid26 = true;
                                          }
                                          if (valid26) {
                                            if (data40.variable !== void 0) {
                                              let data43 = data40.variable;
                                              const _errs106 = errors;
                                              if (errors === _errs106) {
                                                if (typeof data43 === "string") {
                                                  if (func2(data43) > 64) {
                                                    validate23.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/variable", schemaPath: "#/properties/secrets/items/properties/variable/maxLength", keyword: "maxLength", params: { limit: 64 }, message: "must NOT have more than 64 characters" }];
                                                    return false;
                                                  } else {
                                                    if (!pattern36.test(data43)) {
                                                      validate23.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/variable", schemaPath: "#/properties/secrets/items/properties/variable/pattern", keyword: "pattern", params: { pattern: "^(?!LD_|GCONV_PATH$|NODE_OPTIONS$|NODE_PATH$|BASH_ENV$|ENV$|IFS$|PATH$|SHELLOPTS$|PYTHON[A-Z]*$|PERL5[A-Z]*$)[A-Za-z_][A-Za-z0-9_]*$" }, message: 'must match pattern "^(?!LD_|GCONV_PATH$|NODE_OPTIONS$|NODE_PATH$|BASH_ENV$|ENV$|IFS$|PATH$|SHELLOPTS$|PYTHON[A-Z]*$|PERL5[A-Z]*$)[A-Za-z_][A-Za-z0-9_]*$"' }];
                                                      return false;
                                                    }
                                                  }
                                                } else {
                                                  validate23.errors = [{ instancePath: instancePath + "/secrets/" + i14 + "/variable", schemaPath: "#/properties/secrets/items/properties/variable/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                  return false;
                                                }
                                              }
                                              var valid26 = _errs106 === errors;
                                            } else {
                                              var valid26 = true;
                                            }
                                          }
                                        }
                                      }
                                    }
                                  } else {
                                    validate23.errors = [{ instancePath: instancePath + "/secrets/" + i14, schemaPath: "#/properties/secrets/items/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                    return false;
                                  }
                                }
                                var valid25 = _errs99 === errors;
                                if (!valid25) {
                                  break;
                                }
                              }
                            }
                          } else {
                            validate23.errors = [{ instancePath: instancePath + "/secrets", schemaPath: "#/properties/secrets/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                            return false;
                          }
                        }
                        var valid0 = _errs97 === errors;
                      } else {
                        var valid0 = true;
                      }
                      if (valid0) {
                        if (data.user !== void 0) {
                          let data44 = data.user;
                          const _errs108 = errors;
                          if (typeof data44 !== "string") {
                            validate23.errors = [{ instancePath: instancePath + "/user", schemaPath: "#/properties/user/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                            return false;
                          }
                          if (!(data44 === "root")) {
                            validate23.errors = [{ instancePath: instancePath + "/user", schemaPath: "#/properties/user/enum", keyword: "enum", params: { allowedValues: schema53.properties.user.enum }, message: "must be equal to one of the allowed values" }];
                            return false;
                          }
                          var valid0 = _errs108 === errors;
                        } else {
                          var valid0 = true;
                        }
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    } else {
      validate23.errors = [{ instancePath, schemaPath: "#/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
      return false;
    }
  }
  validate23.errors = vErrors;
  return errors === 0;
}
validate23.evaluated = { "props": true, "dynamicProps": false, "dynamicItems": false };
function validate22(data, { instancePath = "", parentData, parentDataProperty, rootData = data, dynamicAnchors = {} } = {}) {
  ;
  let vErrors = null;
  let errors = 0;
  const evaluated0 = validate22.evaluated;
  if (evaluated0.dynamicProps) {
    evaluated0.props = void 0;
  }
  if (evaluated0.dynamicItems) {
    evaluated0.items = void 0;
  }
  if (errors === 0) {
    if (data && typeof data == "object" && !Array.isArray(data)) {
      let missing0;
      if (data.version === void 0 && (missing0 = "version") || data.name === void 0 && (missing0 = "name") || data.kind === void 0 && (missing0 = "kind") || data.program === void 0 && (missing0 = "program") || data.methods === void 0 && (missing0 = "methods")) {
        validate22.errors = [{ instancePath, schemaPath: "#/required", keyword: "required", params: { missingProperty: missing0 }, message: "must have required property '" + missing0 + "'" }];
        return false;
      } else {
        const _errs1 = errors;
        for (const key0 in data) {
          if (!(key0 === "version" || key0 === "name" || key0 === "kind" || key0 === "title" || key0 === "description" || key0 === "program" || key0 === "asks" || key0 === "methods")) {
            validate22.errors = [{ instancePath, schemaPath: "#/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key0 }, message: "must NOT have additional properties" }];
            return false;
            break;
          }
        }
        if (_errs1 === errors) {
          if (data.version !== void 0) {
            let data0 = data.version;
            const _errs2 = errors;
            if (!(typeof data0 == "number" && (!(data0 % 1) && !isNaN(data0)) && isFinite(data0))) {
              validate22.errors = [{ instancePath: instancePath + "/version", schemaPath: "#/properties/version/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
              return false;
            }
            if (1 !== data0) {
              validate22.errors = [{ instancePath: instancePath + "/version", schemaPath: "#/properties/version/const", keyword: "const", params: { allowedValue: 1 }, message: "must be equal to constant" }];
              return false;
            }
            var valid0 = _errs2 === errors;
          } else {
            var valid0 = true;
          }
          if (valid0) {
            if (data.name !== void 0) {
              let data1 = data.name;
              const _errs4 = errors;
              if (errors === _errs4) {
                if (typeof data1 === "string") {
                  if (!pattern21.test(data1)) {
                    validate22.errors = [{ instancePath: instancePath + "/name", schemaPath: "#/properties/name/pattern", keyword: "pattern", params: { pattern: "^[a-z][a-z0-9-]{0,31}$" }, message: 'must match pattern "^[a-z][a-z0-9-]{0,31}$"' }];
                    return false;
                  }
                } else {
                  validate22.errors = [{ instancePath: instancePath + "/name", schemaPath: "#/properties/name/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                  return false;
                }
              }
              var valid0 = _errs4 === errors;
            } else {
              var valid0 = true;
            }
            if (valid0) {
              if (data.kind !== void 0) {
                let data2 = data.kind;
                const _errs6 = errors;
                if (typeof data2 !== "string") {
                  validate22.errors = [{ instancePath: instancePath + "/kind", schemaPath: "#/properties/kind/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                  return false;
                }
                if (!(data2 === "jsonrpc" || data2 === "command")) {
                  validate22.errors = [{ instancePath: instancePath + "/kind", schemaPath: "#/properties/kind/enum", keyword: "enum", params: { allowedValues: schema52.properties.kind.enum }, message: "must be equal to one of the allowed values" }];
                  return false;
                }
                var valid0 = _errs6 === errors;
              } else {
                var valid0 = true;
              }
              if (valid0) {
                if (data.title !== void 0) {
                  let data3 = data.title;
                  const _errs8 = errors;
                  if (errors === _errs8) {
                    if (typeof data3 === "string") {
                      if (func2(data3) > 256) {
                        validate22.errors = [{ instancePath: instancePath + "/title", schemaPath: "#/properties/title/maxLength", keyword: "maxLength", params: { limit: 256 }, message: "must NOT have more than 256 characters" }];
                        return false;
                      }
                    } else {
                      validate22.errors = [{ instancePath: instancePath + "/title", schemaPath: "#/properties/title/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                      return false;
                    }
                  }
                  var valid0 = _errs8 === errors;
                } else {
                  var valid0 = true;
                }
                if (valid0) {
                  if (data.description !== void 0) {
                    let data4 = data.description;
                    const _errs10 = errors;
                    if (errors === _errs10) {
                      if (typeof data4 === "string") {
                        if (func2(data4) > 4096) {
                          validate22.errors = [{ instancePath: instancePath + "/description", schemaPath: "#/properties/description/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" }];
                          return false;
                        }
                      } else {
                        validate22.errors = [{ instancePath: instancePath + "/description", schemaPath: "#/properties/description/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                        return false;
                      }
                    }
                    var valid0 = _errs10 === errors;
                  } else {
                    var valid0 = true;
                  }
                  if (valid0) {
                    if (data.program !== void 0) {
                      let data5 = data.program;
                      const _errs12 = errors;
                      const _errs14 = errors;
                      let valid1 = false;
                      let passing0 = null;
                      const _errs15 = errors;
                      if (data5 && typeof data5 == "object" && !Array.isArray(data5)) {
                        let missing1;
                        if (data5.executable === void 0 && (missing1 = "executable")) {
                          const err0 = { instancePath: instancePath + "/program", schemaPath: "#/properties/program/oneOf/0/required", keyword: "required", params: { missingProperty: missing1 }, message: "must have required property '" + missing1 + "'" };
                          if (vErrors === null) {
                            vErrors = [err0];
                          } else {
                            vErrors.push(err0);
                          }
                          errors++;
                        }
                      }
                      var _valid0 = _errs15 === errors;
                      if (_valid0) {
                        valid1 = true;
                        passing0 = 0;
                      }
                      const _errs16 = errors;
                      if (data5 && typeof data5 == "object" && !Array.isArray(data5)) {
                        let missing2;
                        if (data5.node === void 0 && (missing2 = "node")) {
                          const err1 = { instancePath: instancePath + "/program", schemaPath: "#/properties/program/oneOf/1/required", keyword: "required", params: { missingProperty: missing2 }, message: "must have required property '" + missing2 + "'" };
                          if (vErrors === null) {
                            vErrors = [err1];
                          } else {
                            vErrors.push(err1);
                          }
                          errors++;
                        }
                      }
                      var _valid0 = _errs16 === errors;
                      if (_valid0 && valid1) {
                        valid1 = false;
                        passing0 = [passing0, 1];
                      } else {
                        if (_valid0) {
                          valid1 = true;
                          passing0 = 1;
                        }
                      }
                      if (!valid1) {
                        const err2 = { instancePath: instancePath + "/program", schemaPath: "#/properties/program/oneOf", keyword: "oneOf", params: { passingSchemas: passing0 }, message: "must match exactly one schema in oneOf" };
                        if (vErrors === null) {
                          vErrors = [err2];
                        } else {
                          vErrors.push(err2);
                        }
                        errors++;
                        validate22.errors = vErrors;
                        return false;
                      } else {
                        errors = _errs14;
                        if (vErrors !== null) {
                          if (_errs14) {
                            vErrors.length = _errs14;
                          } else {
                            vErrors = null;
                          }
                        }
                      }
                      if (errors === _errs12) {
                        if (data5 && typeof data5 == "object" && !Array.isArray(data5)) {
                          if (data5.arguments === void 0) {
                            data5.arguments = [];
                          }
                          if (data5.environment === void 0) {
                            data5.environment = [];
                          }
                          const _errs17 = errors;
                          for (const key1 in data5) {
                            if (!(key1 === "executable" || key1 === "node" || key1 === "arguments" || key1 === "environment")) {
                              validate22.errors = [{ instancePath: instancePath + "/program", schemaPath: "#/properties/program/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key1 }, message: "must NOT have additional properties" }];
                              return false;
                              break;
                            }
                          }
                          if (_errs17 === errors) {
                            if (data5.executable !== void 0) {
                              let data6 = data5.executable;
                              const _errs18 = errors;
                              if (errors === _errs18) {
                                if (typeof data6 === "string") {
                                  if (func2(data6) > 4096) {
                                    validate22.errors = [{ instancePath: instancePath + "/program/executable", schemaPath: "#/properties/program/properties/executable/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" }];
                                    return false;
                                  } else {
                                    if (!pattern44.test(data6)) {
                                      validate22.errors = [{ instancePath: instancePath + "/program/executable", schemaPath: "#/properties/program/properties/executable/pattern", keyword: "pattern", params: { pattern: "^(?:/[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*|[A-Za-z0-9_][A-Za-z0-9_.-]*)$" }, message: 'must match pattern "^(?:/[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*|[A-Za-z0-9_][A-Za-z0-9_.-]*)$"' }];
                                      return false;
                                    }
                                  }
                                } else {
                                  validate22.errors = [{ instancePath: instancePath + "/program/executable", schemaPath: "#/properties/program/properties/executable/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                  return false;
                                }
                              }
                              var valid2 = _errs18 === errors;
                            } else {
                              var valid2 = true;
                            }
                            if (valid2) {
                              if (data5.node !== void 0) {
                                let data7 = data5.node;
                                const _errs20 = errors;
                                if (errors === _errs20) {
                                  if (typeof data7 === "string") {
                                    if (func2(data7) > 255) {
                                      validate22.errors = [{ instancePath: instancePath + "/program/node", schemaPath: "#/properties/program/properties/node/maxLength", keyword: "maxLength", params: { limit: 255 }, message: "must NOT have more than 255 characters" }];
                                      return false;
                                    } else {
                                      if (!pattern45.test(data7)) {
                                        validate22.errors = [{ instancePath: instancePath + "/program/node", schemaPath: "#/properties/program/properties/node/pattern", keyword: "pattern", params: { pattern: "^[A-Za-z0-9_][A-Za-z0-9_.-]*$" }, message: 'must match pattern "^[A-Za-z0-9_][A-Za-z0-9_.-]*$"' }];
                                        return false;
                                      }
                                    }
                                  } else {
                                    validate22.errors = [{ instancePath: instancePath + "/program/node", schemaPath: "#/properties/program/properties/node/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                    return false;
                                  }
                                }
                                var valid2 = _errs20 === errors;
                              } else {
                                var valid2 = true;
                              }
                              if (valid2) {
                                let data8 = data5.arguments;
                                const _errs22 = errors;
                                if (errors === _errs22) {
                                  if (Array.isArray(data8)) {
                                    if (data8.length > 64) {
                                      validate22.errors = [{ instancePath: instancePath + "/program/arguments", schemaPath: "#/properties/program/properties/arguments/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                                      return false;
                                    } else {
                                      var valid3 = true;
                                      const len0 = data8.length;
                                      for (let i0 = 0; i0 < len0; i0++) {
                                        let data9 = data8[i0];
                                        const _errs24 = errors;
                                        if (errors === _errs24) {
                                          if (typeof data9 === "string") {
                                            if (func2(data9) > 4096) {
                                              validate22.errors = [{ instancePath: instancePath + "/program/arguments/" + i0, schemaPath: "#/properties/program/properties/arguments/items/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" }];
                                              return false;
                                            } else {
                                              if (!pattern46.test(data9)) {
                                                validate22.errors = [{ instancePath: instancePath + "/program/arguments/" + i0, schemaPath: "#/properties/program/properties/arguments/items/pattern", keyword: "pattern", params: { pattern: "^[^\\u0000-\\u001f\\u007f]*$" }, message: 'must match pattern "^[^\\u0000-\\u001f\\u007f]*$"' }];
                                                return false;
                                              }
                                            }
                                          } else {
                                            validate22.errors = [{ instancePath: instancePath + "/program/arguments/" + i0, schemaPath: "#/properties/program/properties/arguments/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                            return false;
                                          }
                                        }
                                        var valid3 = _errs24 === errors;
                                        if (!valid3) {
                                          break;
                                        }
                                      }
                                    }
                                  } else {
                                    validate22.errors = [{ instancePath: instancePath + "/program/arguments", schemaPath: "#/properties/program/properties/arguments/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                    return false;
                                  }
                                }
                                var valid2 = _errs22 === errors;
                                if (valid2) {
                                  let data10 = data5.environment;
                                  const _errs26 = errors;
                                  if (errors === _errs26) {
                                    if (Array.isArray(data10)) {
                                      if (data10.length > 32) {
                                        validate22.errors = [{ instancePath: instancePath + "/program/environment", schemaPath: "#/properties/program/properties/environment/maxItems", keyword: "maxItems", params: { limit: 32 }, message: "must NOT have more than 32 items" }];
                                        return false;
                                      } else {
                                        var valid4 = true;
                                        const len1 = data10.length;
                                        for (let i1 = 0; i1 < len1; i1++) {
                                          let data11 = data10[i1];
                                          const _errs28 = errors;
                                          if (errors === _errs28) {
                                            if (typeof data11 === "string") {
                                              if (!pattern36.test(data11)) {
                                                validate22.errors = [{ instancePath: instancePath + "/program/environment/" + i1, schemaPath: "#/properties/program/properties/environment/items/pattern", keyword: "pattern", params: { pattern: "^(?!LD_|GCONV_PATH$|NODE_OPTIONS$|NODE_PATH$|BASH_ENV$|ENV$|IFS$|PATH$|SHELLOPTS$|PYTHON[A-Z]*$|PERL5[A-Z]*$)[A-Za-z_][A-Za-z0-9_]*$" }, message: 'must match pattern "^(?!LD_|GCONV_PATH$|NODE_OPTIONS$|NODE_PATH$|BASH_ENV$|ENV$|IFS$|PATH$|SHELLOPTS$|PYTHON[A-Z]*$|PERL5[A-Z]*$)[A-Za-z_][A-Za-z0-9_]*$"' }];
                                                return false;
                                              }
                                            } else {
                                              validate22.errors = [{ instancePath: instancePath + "/program/environment/" + i1, schemaPath: "#/properties/program/properties/environment/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                              return false;
                                            }
                                          }
                                          var valid4 = _errs28 === errors;
                                          if (!valid4) {
                                            break;
                                          }
                                        }
                                        if (valid4) {
                                          let i2 = data10.length;
                                          let j0;
                                          if (i2 > 1) {
                                            const indices0 = {};
                                            for (; i2--; ) {
                                              let item0 = data10[i2];
                                              if (typeof item0 !== "string") {
                                                continue;
                                              }
                                              if (typeof indices0[item0] == "number") {
                                                j0 = indices0[item0];
                                                validate22.errors = [{ instancePath: instancePath + "/program/environment", schemaPath: "#/properties/program/properties/environment/uniqueItems", keyword: "uniqueItems", params: { i: i2, j: j0 }, message: "must NOT have duplicate items (items ## " + j0 + " and " + i2 + " are identical)" }];
                                                return false;
                                                break;
                                              }
                                              indices0[item0] = i2;
                                            }
                                          }
                                        }
                                      }
                                    } else {
                                      validate22.errors = [{ instancePath: instancePath + "/program/environment", schemaPath: "#/properties/program/properties/environment/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                      return false;
                                    }
                                  }
                                  var valid2 = _errs26 === errors;
                                }
                              }
                            }
                          }
                        } else {
                          validate22.errors = [{ instancePath: instancePath + "/program", schemaPath: "#/properties/program/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                          return false;
                        }
                      }
                      var valid0 = _errs12 === errors;
                    } else {
                      var valid0 = true;
                    }
                    if (valid0) {
                      if (data.asks !== void 0) {
                        const _errs30 = errors;
                        if (!validate23(data.asks, { instancePath: instancePath + "/asks", parentData: data, parentDataProperty: "asks", rootData, dynamicAnchors })) {
                          vErrors = vErrors === null ? validate23.errors : vErrors.concat(validate23.errors);
                          errors = vErrors.length;
                        }
                        var valid0 = _errs30 === errors;
                      } else {
                        var valid0 = true;
                      }
                      if (valid0) {
                        if (data.methods !== void 0) {
                          let data13 = data.methods;
                          const _errs31 = errors;
                          if (errors === _errs31) {
                            if (data13 && typeof data13 == "object" && !Array.isArray(data13)) {
                              if (Object.keys(data13).length > 256) {
                                validate22.errors = [{ instancePath: instancePath + "/methods", schemaPath: "#/properties/methods/maxProperties", keyword: "maxProperties", params: { limit: 256 }, message: "must NOT have more than 256 properties" }];
                                return false;
                              } else {
                                for (const key2 in data13) {
                                  const _errs33 = errors;
                                  if (errors === _errs33) {
                                    if (typeof key2 === "string") {
                                      if (!pattern61.test(key2)) {
                                        const err3 = { instancePath: instancePath + "/methods", schemaPath: "#/properties/methods/propertyNames/pattern", keyword: "pattern", params: { pattern: "^[a-z][a-zA-Z0-9-]{0,31}$" }, message: 'must match pattern "^[a-z][a-zA-Z0-9-]{0,31}$"', propertyName: key2 };
                                        if (vErrors === null) {
                                          vErrors = [err3];
                                        } else {
                                          vErrors.push(err3);
                                        }
                                        errors++;
                                      }
                                    } else {
                                      const err4 = { instancePath: instancePath + "/methods", schemaPath: "#/properties/methods/propertyNames/type", keyword: "type", params: { type: "string" }, message: "must be string", propertyName: key2 };
                                      if (vErrors === null) {
                                        vErrors = [err4];
                                      } else {
                                        vErrors.push(err4);
                                      }
                                      errors++;
                                    }
                                  }
                                  var valid6 = _errs33 === errors;
                                  if (!valid6) {
                                    const err5 = { instancePath: instancePath + "/methods", schemaPath: "#/properties/methods/propertyNames", keyword: "propertyNames", params: { propertyName: key2 }, message: "property name must be valid" };
                                    if (vErrors === null) {
                                      vErrors = [err5];
                                    } else {
                                      vErrors.push(err5);
                                    }
                                    errors++;
                                    validate22.errors = vErrors;
                                    return false;
                                    break;
                                  }
                                }
                                if (valid6) {
                                  for (const key3 in data13) {
                                    let data14 = data13[key3];
                                    const _errs36 = errors;
                                    if (errors === _errs36) {
                                      if (data14 && typeof data14 == "object" && !Array.isArray(data14)) {
                                        if (data14.positional === void 0) {
                                          data14.positional = [];
                                        }
                                        if (data14.destructive === void 0) {
                                          data14.destructive = false;
                                        }
                                        if (data14.idempotent === void 0) {
                                          data14.idempotent = false;
                                        }
                                        if (data14.tags === void 0) {
                                          data14.tags = [];
                                        }
                                        if (data14.errors === void 0) {
                                          data14.errors = {};
                                        }
                                        if (data14.arguments === void 0) {
                                          data14.arguments = [];
                                        }
                                        if (data14.environment === void 0) {
                                          data14.environment = {};
                                        }
                                        if (data14.output === void 0) {
                                          data14.output = "text";
                                        }
                                        if (data14.stream === void 0) {
                                          data14.stream = false;
                                        }
                                        if (data14.on_disconnect === void 0) {
                                          data14.on_disconnect = "cancel";
                                        }
                                        if (data14.exit_statuses === void 0) {
                                          data14.exit_statuses = [0];
                                        }
                                        let missing3;
                                        if (data14.params === void 0 && (missing3 = "params") || data14.result === void 0 && (missing3 = "result")) {
                                          validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1"), schemaPath: "#/properties/methods/additionalProperties/required", keyword: "required", params: { missingProperty: missing3 }, message: "must have required property '" + missing3 + "'" }];
                                          return false;
                                        } else {
                                          const _errs38 = errors;
                                          for (const key4 in data14) {
                                            if (!func1.call(schema52.properties.methods.additionalProperties.properties, key4)) {
                                              validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1"), schemaPath: "#/properties/methods/additionalProperties/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key4 }, message: "must NOT have additional properties" }];
                                              return false;
                                              break;
                                            }
                                          }
                                          if (_errs38 === errors) {
                                            if (data14.title !== void 0) {
                                              let data15 = data14.title;
                                              const _errs39 = errors;
                                              if (errors === _errs39) {
                                                if (typeof data15 === "string") {
                                                  if (func2(data15) > 256) {
                                                    validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/title", schemaPath: "#/properties/methods/additionalProperties/properties/title/maxLength", keyword: "maxLength", params: { limit: 256 }, message: "must NOT have more than 256 characters" }];
                                                    return false;
                                                  }
                                                } else {
                                                  validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/title", schemaPath: "#/properties/methods/additionalProperties/properties/title/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                  return false;
                                                }
                                              }
                                              var valid8 = _errs39 === errors;
                                            } else {
                                              var valid8 = true;
                                            }
                                            if (valid8) {
                                              if (data14.description !== void 0) {
                                                let data16 = data14.description;
                                                const _errs41 = errors;
                                                if (errors === _errs41) {
                                                  if (typeof data16 === "string") {
                                                    if (func2(data16) > 4096) {
                                                      validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/description", schemaPath: "#/properties/methods/additionalProperties/properties/description/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" }];
                                                      return false;
                                                    }
                                                  } else {
                                                    validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/description", schemaPath: "#/properties/methods/additionalProperties/properties/description/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                    return false;
                                                  }
                                                }
                                                var valid8 = _errs41 === errors;
                                              } else {
                                                var valid8 = true;
                                              }
                                              if (valid8) {
                                                if (data14.params !== void 0) {
                                                  let data17 = data14.params;
                                                  const _errs43 = errors;
                                                  if (!(data17 && typeof data17 == "object" && !Array.isArray(data17))) {
                                                    validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/params", schemaPath: "#/properties/methods/additionalProperties/properties/params/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                                    return false;
                                                  }
                                                  var valid8 = _errs43 === errors;
                                                } else {
                                                  var valid8 = true;
                                                }
                                                if (valid8) {
                                                  if (data14.result !== void 0) {
                                                    let data18 = data14.result;
                                                    const _errs45 = errors;
                                                    if (!(data18 && typeof data18 == "object" && !Array.isArray(data18))) {
                                                      validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/result", schemaPath: "#/properties/methods/additionalProperties/properties/result/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                                      return false;
                                                    }
                                                    var valid8 = _errs45 === errors;
                                                  } else {
                                                    var valid8 = true;
                                                  }
                                                  if (valid8) {
                                                    let data19 = data14.positional;
                                                    const _errs47 = errors;
                                                    if (errors === _errs47) {
                                                      if (Array.isArray(data19)) {
                                                        if (data19.length > 64) {
                                                          validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/positional", schemaPath: "#/properties/methods/additionalProperties/properties/positional/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                                                          return false;
                                                        } else {
                                                          var valid9 = true;
                                                          const len2 = data19.length;
                                                          for (let i3 = 0; i3 < len2; i3++) {
                                                            let data20 = data19[i3];
                                                            const _errs49 = errors;
                                                            if (errors === _errs49) {
                                                              if (typeof data20 === "string") {
                                                                if (!pattern62.test(data20)) {
                                                                  validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/positional/" + i3, schemaPath: "#/properties/methods/additionalProperties/properties/positional/items/pattern", keyword: "pattern", params: { pattern: "^[A-Za-z_][A-Za-z0-9_]{0,63}$" }, message: 'must match pattern "^[A-Za-z_][A-Za-z0-9_]{0,63}$"' }];
                                                                  return false;
                                                                }
                                                              } else {
                                                                validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/positional/" + i3, schemaPath: "#/properties/methods/additionalProperties/properties/positional/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                return false;
                                                              }
                                                            }
                                                            var valid9 = _errs49 === errors;
                                                            if (!valid9) {
                                                              break;
                                                            }
                                                          }
                                                          if (valid9) {
                                                            let i4 = data19.length;
                                                            let j1;
                                                            if (i4 > 1) {
                                                              const indices1 = {};
                                                              for (; i4--; ) {
                                                                let item1 = data19[i4];
                                                                if (typeof item1 !== "string") {
                                                                  continue;
                                                                }
                                                                if (typeof indices1[item1] == "number") {
                                                                  j1 = indices1[item1];
                                                                  validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/positional", schemaPath: "#/properties/methods/additionalProperties/properties/positional/uniqueItems", keyword: "uniqueItems", params: { i: i4, j: j1 }, message: "must NOT have duplicate items (items ## " + j1 + " and " + i4 + " are identical)" }];
                                                                  return false;
                                                                  break;
                                                                }
                                                                indices1[item1] = i4;
                                                              }
                                                            }
                                                          }
                                                        }
                                                      } else {
                                                        validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/positional", schemaPath: "#/properties/methods/additionalProperties/properties/positional/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                                        return false;
                                                      }
                                                    }
                                                    var valid8 = _errs47 === errors;
                                                    if (valid8) {
                                                      const _errs51 = errors;
                                                      if (typeof data14.destructive !== "boolean") {
                                                        validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/destructive", schemaPath: "#/properties/methods/additionalProperties/properties/destructive/type", keyword: "type", params: { type: "boolean" }, message: "must be boolean" }];
                                                        return false;
                                                      }
                                                      var valid8 = _errs51 === errors;
                                                      if (valid8) {
                                                        const _errs53 = errors;
                                                        if (typeof data14.idempotent !== "boolean") {
                                                          validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/idempotent", schemaPath: "#/properties/methods/additionalProperties/properties/idempotent/type", keyword: "type", params: { type: "boolean" }, message: "must be boolean" }];
                                                          return false;
                                                        }
                                                        var valid8 = _errs53 === errors;
                                                        if (valid8) {
                                                          let data23 = data14.tags;
                                                          const _errs55 = errors;
                                                          if (errors === _errs55) {
                                                            if (Array.isArray(data23)) {
                                                              if (data23.length > 16) {
                                                                validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/tags", schemaPath: "#/properties/methods/additionalProperties/properties/tags/maxItems", keyword: "maxItems", params: { limit: 16 }, message: "must NOT have more than 16 items" }];
                                                                return false;
                                                              } else {
                                                                var valid11 = true;
                                                                const len3 = data23.length;
                                                                for (let i5 = 0; i5 < len3; i5++) {
                                                                  let data24 = data23[i5];
                                                                  const _errs57 = errors;
                                                                  if (errors === _errs57) {
                                                                    if (typeof data24 === "string") {
                                                                      if (!pattern21.test(data24)) {
                                                                        validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/tags/" + i5, schemaPath: "#/properties/methods/additionalProperties/properties/tags/items/pattern", keyword: "pattern", params: { pattern: "^[a-z][a-z0-9-]{0,31}$" }, message: 'must match pattern "^[a-z][a-z0-9-]{0,31}$"' }];
                                                                        return false;
                                                                      }
                                                                    } else {
                                                                      validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/tags/" + i5, schemaPath: "#/properties/methods/additionalProperties/properties/tags/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                      return false;
                                                                    }
                                                                  }
                                                                  var valid11 = _errs57 === errors;
                                                                  if (!valid11) {
                                                                    break;
                                                                  }
                                                                }
                                                                if (valid11) {
                                                                  let i6 = data23.length;
                                                                  let j2;
                                                                  if (i6 > 1) {
                                                                    const indices2 = {};
                                                                    for (; i6--; ) {
                                                                      let item2 = data23[i6];
                                                                      if (typeof item2 !== "string") {
                                                                        continue;
                                                                      }
                                                                      if (typeof indices2[item2] == "number") {
                                                                        j2 = indices2[item2];
                                                                        validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/tags", schemaPath: "#/properties/methods/additionalProperties/properties/tags/uniqueItems", keyword: "uniqueItems", params: { i: i6, j: j2 }, message: "must NOT have duplicate items (items ## " + j2 + " and " + i6 + " are identical)" }];
                                                                        return false;
                                                                        break;
                                                                      }
                                                                      indices2[item2] = i6;
                                                                    }
                                                                  }
                                                                }
                                                              }
                                                            } else {
                                                              validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/tags", schemaPath: "#/properties/methods/additionalProperties/properties/tags/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                                              return false;
                                                            }
                                                          }
                                                          var valid8 = _errs55 === errors;
                                                          if (valid8) {
                                                            if (data14.timeout_ms !== void 0) {
                                                              let data25 = data14.timeout_ms;
                                                              const _errs59 = errors;
                                                              if (!(typeof data25 == "number" && (!(data25 % 1) && !isNaN(data25)) && isFinite(data25))) {
                                                                validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/timeout_ms", schemaPath: "#/properties/methods/additionalProperties/properties/timeout_ms/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                return false;
                                                              }
                                                              if (errors === _errs59) {
                                                                if (typeof data25 == "number" && isFinite(data25)) {
                                                                  if (data25 > 864e5 || isNaN(data25)) {
                                                                    validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/timeout_ms", schemaPath: "#/properties/methods/additionalProperties/properties/timeout_ms/maximum", keyword: "maximum", params: { comparison: "<=", limit: 864e5 }, message: "must be <= 86400000" }];
                                                                    return false;
                                                                  } else {
                                                                    if (data25 < 10 || isNaN(data25)) {
                                                                      validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/timeout_ms", schemaPath: "#/properties/methods/additionalProperties/properties/timeout_ms/minimum", keyword: "minimum", params: { comparison: ">=", limit: 10 }, message: "must be >= 10" }];
                                                                      return false;
                                                                    }
                                                                  }
                                                                }
                                                              }
                                                              var valid8 = _errs59 === errors;
                                                            } else {
                                                              var valid8 = true;
                                                            }
                                                            if (valid8) {
                                                              let data26 = data14.errors;
                                                              const _errs61 = errors;
                                                              if (errors === _errs61) {
                                                                if (data26 && typeof data26 == "object" && !Array.isArray(data26)) {
                                                                  if (Object.keys(data26).length > 64) {
                                                                    validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/errors", schemaPath: "#/properties/methods/additionalProperties/properties/errors/maxProperties", keyword: "maxProperties", params: { limit: 64 }, message: "must NOT have more than 64 properties" }];
                                                                    return false;
                                                                  } else {
                                                                    for (const key5 in data26) {
                                                                      const _errs63 = errors;
                                                                      if (errors === _errs63) {
                                                                        if (typeof key5 === "string") {
                                                                          if (!pattern64.test(key5)) {
                                                                            const err6 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/errors", schemaPath: "#/properties/methods/additionalProperties/properties/errors/propertyNames/pattern", keyword: "pattern", params: { pattern: "^[a-z][a-z0-9_]{0,63}$" }, message: 'must match pattern "^[a-z][a-z0-9_]{0,63}$"', propertyName: key5 };
                                                                            if (vErrors === null) {
                                                                              vErrors = [err6];
                                                                            } else {
                                                                              vErrors.push(err6);
                                                                            }
                                                                            errors++;
                                                                          }
                                                                        } else {
                                                                          const err7 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/errors", schemaPath: "#/properties/methods/additionalProperties/properties/errors/propertyNames/type", keyword: "type", params: { type: "string" }, message: "must be string", propertyName: key5 };
                                                                          if (vErrors === null) {
                                                                            vErrors = [err7];
                                                                          } else {
                                                                            vErrors.push(err7);
                                                                          }
                                                                          errors++;
                                                                        }
                                                                      }
                                                                      var valid13 = _errs63 === errors;
                                                                      if (!valid13) {
                                                                        const err8 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/errors", schemaPath: "#/properties/methods/additionalProperties/properties/errors/propertyNames", keyword: "propertyNames", params: { propertyName: key5 }, message: "property name must be valid" };
                                                                        if (vErrors === null) {
                                                                          vErrors = [err8];
                                                                        } else {
                                                                          vErrors.push(err8);
                                                                        }
                                                                        errors++;
                                                                        validate22.errors = vErrors;
                                                                        return false;
                                                                        break;
                                                                      }
                                                                    }
                                                                    if (valid13) {
                                                                      for (const key6 in data26) {
                                                                        let data27 = data26[key6];
                                                                        const _errs66 = errors;
                                                                        if (errors === _errs66) {
                                                                          if (data27 && typeof data27 == "object" && !Array.isArray(data27)) {
                                                                            let missing4;
                                                                            if (data27.message === void 0 && (missing4 = "message")) {
                                                                              validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/errors/" + key6.replace(/~/g, "~0").replace(/\//g, "~1"), schemaPath: "#/properties/methods/additionalProperties/properties/errors/additionalProperties/required", keyword: "required", params: { missingProperty: missing4 }, message: "must have required property '" + missing4 + "'" }];
                                                                              return false;
                                                                            } else {
                                                                              const _errs68 = errors;
                                                                              for (const key7 in data27) {
                                                                                if (!(key7 === "message" || key7 === "data")) {
                                                                                  validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/errors/" + key6.replace(/~/g, "~0").replace(/\//g, "~1"), schemaPath: "#/properties/methods/additionalProperties/properties/errors/additionalProperties/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key7 }, message: "must NOT have additional properties" }];
                                                                                  return false;
                                                                                  break;
                                                                                }
                                                                              }
                                                                              if (_errs68 === errors) {
                                                                                if (data27.message !== void 0) {
                                                                                  let data28 = data27.message;
                                                                                  const _errs69 = errors;
                                                                                  if (errors === _errs69) {
                                                                                    if (typeof data28 === "string") {
                                                                                      if (func2(data28) > 256) {
                                                                                        validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/errors/" + key6.replace(/~/g, "~0").replace(/\//g, "~1") + "/message", schemaPath: "#/properties/methods/additionalProperties/properties/errors/additionalProperties/properties/message/maxLength", keyword: "maxLength", params: { limit: 256 }, message: "must NOT have more than 256 characters" }];
                                                                                        return false;
                                                                                      }
                                                                                    } else {
                                                                                      validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/errors/" + key6.replace(/~/g, "~0").replace(/\//g, "~1") + "/message", schemaPath: "#/properties/methods/additionalProperties/properties/errors/additionalProperties/properties/message/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                                      return false;
                                                                                    }
                                                                                  }
                                                                                  var valid15 = _errs69 === errors;
                                                                                } else {
                                                                                  var valid15 = true;
                                                                                }
                                                                                if (valid15) {
                                                                                  if (data27.data !== void 0) {
                                                                                    let data29 = data27.data;
                                                                                    const _errs71 = errors;
                                                                                    if (!(data29 && typeof data29 == "object" && !Array.isArray(data29))) {
                                                                                      validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/errors/" + key6.replace(/~/g, "~0").replace(/\//g, "~1") + "/data", schemaPath: "#/properties/methods/additionalProperties/properties/errors/additionalProperties/properties/data/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                                                                      return false;
                                                                                    }
                                                                                    var valid15 = _errs71 === errors;
                                                                                  } else {
                                                                                    var valid15 = true;
                                                                                  }
                                                                                }
                                                                              }
                                                                            }
                                                                          } else {
                                                                            validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/errors/" + key6.replace(/~/g, "~0").replace(/\//g, "~1"), schemaPath: "#/properties/methods/additionalProperties/properties/errors/additionalProperties/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                                                            return false;
                                                                          }
                                                                        }
                                                                        var valid14 = _errs66 === errors;
                                                                        if (!valid14) {
                                                                          break;
                                                                        }
                                                                      }
                                                                    }
                                                                  }
                                                                } else {
                                                                  validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/errors", schemaPath: "#/properties/methods/additionalProperties/properties/errors/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                                                  return false;
                                                                }
                                                              }
                                                              var valid8 = _errs61 === errors;
                                                              if (valid8) {
                                                                let data30 = data14.arguments;
                                                                const _errs73 = errors;
                                                                if (errors === _errs73) {
                                                                  if (Array.isArray(data30)) {
                                                                    if (data30.length > 64) {
                                                                      validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments", schemaPath: "#/properties/methods/additionalProperties/properties/arguments/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                                                                      return false;
                                                                    } else {
                                                                      var valid16 = true;
                                                                      const len4 = data30.length;
                                                                      for (let i7 = 0; i7 < len4; i7++) {
                                                                        let data31 = data30[i7];
                                                                        const _errs75 = errors;
                                                                        if (typeof data31 !== "string" && !(data31 && typeof data31 == "object" && !Array.isArray(data31))) {
                                                                          validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7, schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/type", keyword: "type", params: { type: schema52.properties.methods.additionalProperties.properties.arguments.items.type }, message: "must be string,object" }];
                                                                          return false;
                                                                        }
                                                                        const _errs77 = errors;
                                                                        let valid17 = false;
                                                                        const _errs78 = errors;
                                                                        if (errors === _errs78) {
                                                                          if (typeof data31 === "string") {
                                                                            if (func2(data31) > 4096) {
                                                                              const err9 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7, schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/0/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" };
                                                                              if (vErrors === null) {
                                                                                vErrors = [err9];
                                                                              } else {
                                                                                vErrors.push(err9);
                                                                              }
                                                                              errors++;
                                                                            } else {
                                                                              if (!pattern46.test(data31)) {
                                                                                const err10 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7, schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/0/pattern", keyword: "pattern", params: { pattern: "^[^\\u0000-\\u001f\\u007f]*$" }, message: 'must match pattern "^[^\\u0000-\\u001f\\u007f]*$"' };
                                                                                if (vErrors === null) {
                                                                                  vErrors = [err10];
                                                                                } else {
                                                                                  vErrors.push(err10);
                                                                                }
                                                                                errors++;
                                                                              }
                                                                            }
                                                                          } else {
                                                                            const err11 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7, schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/0/type", keyword: "type", params: { type: "string" }, message: "must be string" };
                                                                            if (vErrors === null) {
                                                                              vErrors = [err11];
                                                                            } else {
                                                                              vErrors.push(err11);
                                                                            }
                                                                            errors++;
                                                                          }
                                                                        }
                                                                        var _valid1 = _errs78 === errors;
                                                                        valid17 = valid17 || _valid1;
                                                                        const _errs80 = errors;
                                                                        if (errors === _errs80) {
                                                                          if (data31 && typeof data31 == "object" && !Array.isArray(data31)) {
                                                                            let missing5;
                                                                            if (data31.param === void 0 && (missing5 = "param")) {
                                                                              const err12 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7, schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/1/required", keyword: "required", params: { missingProperty: missing5 }, message: "must have required property '" + missing5 + "'" };
                                                                              if (vErrors === null) {
                                                                                vErrors = [err12];
                                                                              } else {
                                                                                vErrors.push(err12);
                                                                              }
                                                                              errors++;
                                                                            } else {
                                                                              const _errs82 = errors;
                                                                              for (const key8 in data31) {
                                                                                if (!(key8 === "param" || key8 === "prefix")) {
                                                                                  const err13 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7, schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/1/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key8 }, message: "must NOT have additional properties" };
                                                                                  if (vErrors === null) {
                                                                                    vErrors = [err13];
                                                                                  } else {
                                                                                    vErrors.push(err13);
                                                                                  }
                                                                                  errors++;
                                                                                  break;
                                                                                }
                                                                              }
                                                                              if (_errs82 === errors) {
                                                                                if (data31.param !== void 0) {
                                                                                  let data32 = data31.param;
                                                                                  const _errs83 = errors;
                                                                                  if (errors === _errs83) {
                                                                                    if (typeof data32 === "string") {
                                                                                      if (!pattern62.test(data32)) {
                                                                                        const err14 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7 + "/param", schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/1/properties/param/pattern", keyword: "pattern", params: { pattern: "^[A-Za-z_][A-Za-z0-9_]{0,63}$" }, message: 'must match pattern "^[A-Za-z_][A-Za-z0-9_]{0,63}$"' };
                                                                                        if (vErrors === null) {
                                                                                          vErrors = [err14];
                                                                                        } else {
                                                                                          vErrors.push(err14);
                                                                                        }
                                                                                        errors++;
                                                                                      }
                                                                                    } else {
                                                                                      const err15 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7 + "/param", schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/1/properties/param/type", keyword: "type", params: { type: "string" }, message: "must be string" };
                                                                                      if (vErrors === null) {
                                                                                        vErrors = [err15];
                                                                                      } else {
                                                                                        vErrors.push(err15);
                                                                                      }
                                                                                      errors++;
                                                                                    }
                                                                                  }
                                                                                  var valid18 = _errs83 === errors;
                                                                                } else {
                                                                                  var valid18 = true;
                                                                                }
                                                                                if (valid18) {
                                                                                  if (data31.prefix !== void 0) {
                                                                                    let data33 = data31.prefix;
                                                                                    const _errs85 = errors;
                                                                                    if (errors === _errs85) {
                                                                                      if (typeof data33 === "string") {
                                                                                        if (func2(data33) > 256) {
                                                                                          const err16 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7 + "/prefix", schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/1/properties/prefix/maxLength", keyword: "maxLength", params: { limit: 256 }, message: "must NOT have more than 256 characters" };
                                                                                          if (vErrors === null) {
                                                                                            vErrors = [err16];
                                                                                          } else {
                                                                                            vErrors.push(err16);
                                                                                          }
                                                                                          errors++;
                                                                                        } else {
                                                                                          if (!pattern67.test(data33)) {
                                                                                            const err17 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7 + "/prefix", schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/1/properties/prefix/pattern", keyword: "pattern", params: { pattern: "^[^\\u0000-\\u001f\\u007f]+$" }, message: 'must match pattern "^[^\\u0000-\\u001f\\u007f]+$"' };
                                                                                            if (vErrors === null) {
                                                                                              vErrors = [err17];
                                                                                            } else {
                                                                                              vErrors.push(err17);
                                                                                            }
                                                                                            errors++;
                                                                                          }
                                                                                        }
                                                                                      } else {
                                                                                        const err18 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7 + "/prefix", schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/1/properties/prefix/type", keyword: "type", params: { type: "string" }, message: "must be string" };
                                                                                        if (vErrors === null) {
                                                                                          vErrors = [err18];
                                                                                        } else {
                                                                                          vErrors.push(err18);
                                                                                        }
                                                                                        errors++;
                                                                                      }
                                                                                    }
                                                                                    var valid18 = _errs85 === errors;
                                                                                  } else {
                                                                                    var valid18 = true;
                                                                                  }
                                                                                }
                                                                              }
                                                                            }
                                                                          } else {
                                                                            const err19 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7, schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/1/type", keyword: "type", params: { type: "object" }, message: "must be object" };
                                                                            if (vErrors === null) {
                                                                              vErrors = [err19];
                                                                            } else {
                                                                              vErrors.push(err19);
                                                                            }
                                                                            errors++;
                                                                          }
                                                                        }
                                                                        var _valid1 = _errs80 === errors;
                                                                        valid17 = valid17 || _valid1;
                                                                        if (_valid1) {
                                                                          var props0 = true;
                                                                        }
                                                                        const _errs87 = errors;
                                                                        if (errors === _errs87) {
                                                                          if (data31 && typeof data31 == "object" && !Array.isArray(data31)) {
                                                                            let missing6;
                                                                            if (data31.flag === void 0 && (missing6 = "flag") || data31.words === void 0 && (missing6 = "words")) {
                                                                              const err20 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7, schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/2/required", keyword: "required", params: { missingProperty: missing6 }, message: "must have required property '" + missing6 + "'" };
                                                                              if (vErrors === null) {
                                                                                vErrors = [err20];
                                                                              } else {
                                                                                vErrors.push(err20);
                                                                              }
                                                                              errors++;
                                                                            } else {
                                                                              const _errs89 = errors;
                                                                              for (const key9 in data31) {
                                                                                if (!(key9 === "flag" || key9 === "words")) {
                                                                                  const err21 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7, schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/2/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key9 }, message: "must NOT have additional properties" };
                                                                                  if (vErrors === null) {
                                                                                    vErrors = [err21];
                                                                                  } else {
                                                                                    vErrors.push(err21);
                                                                                  }
                                                                                  errors++;
                                                                                  break;
                                                                                }
                                                                              }
                                                                              if (_errs89 === errors) {
                                                                                if (data31.flag !== void 0) {
                                                                                  let data34 = data31.flag;
                                                                                  const _errs90 = errors;
                                                                                  if (errors === _errs90) {
                                                                                    if (typeof data34 === "string") {
                                                                                      if (!pattern62.test(data34)) {
                                                                                        const err22 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7 + "/flag", schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/2/properties/flag/pattern", keyword: "pattern", params: { pattern: "^[A-Za-z_][A-Za-z0-9_]{0,63}$" }, message: 'must match pattern "^[A-Za-z_][A-Za-z0-9_]{0,63}$"' };
                                                                                        if (vErrors === null) {
                                                                                          vErrors = [err22];
                                                                                        } else {
                                                                                          vErrors.push(err22);
                                                                                        }
                                                                                        errors++;
                                                                                      }
                                                                                    } else {
                                                                                      const err23 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7 + "/flag", schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/2/properties/flag/type", keyword: "type", params: { type: "string" }, message: "must be string" };
                                                                                      if (vErrors === null) {
                                                                                        vErrors = [err23];
                                                                                      } else {
                                                                                        vErrors.push(err23);
                                                                                      }
                                                                                      errors++;
                                                                                    }
                                                                                  }
                                                                                  var valid19 = _errs90 === errors;
                                                                                } else {
                                                                                  var valid19 = true;
                                                                                }
                                                                                if (valid19) {
                                                                                  if (data31.words !== void 0) {
                                                                                    let data35 = data31.words;
                                                                                    const _errs92 = errors;
                                                                                    if (errors === _errs92) {
                                                                                      if (Array.isArray(data35)) {
                                                                                        if (data35.length > 64) {
                                                                                          const err24 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7 + "/words", schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/2/properties/words/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" };
                                                                                          if (vErrors === null) {
                                                                                            vErrors = [err24];
                                                                                          } else {
                                                                                            vErrors.push(err24);
                                                                                          }
                                                                                          errors++;
                                                                                        } else {
                                                                                          var valid20 = true;
                                                                                          const len5 = data35.length;
                                                                                          for (let i8 = 0; i8 < len5; i8++) {
                                                                                            let data36 = data35[i8];
                                                                                            const _errs94 = errors;
                                                                                            if (errors === _errs94) {
                                                                                              if (typeof data36 === "string") {
                                                                                                if (func2(data36) > 4096) {
                                                                                                  const err25 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7 + "/words/" + i8, schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/2/properties/words/items/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" };
                                                                                                  if (vErrors === null) {
                                                                                                    vErrors = [err25];
                                                                                                  } else {
                                                                                                    vErrors.push(err25);
                                                                                                  }
                                                                                                  errors++;
                                                                                                } else {
                                                                                                  if (!pattern46.test(data36)) {
                                                                                                    const err26 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7 + "/words/" + i8, schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/2/properties/words/items/pattern", keyword: "pattern", params: { pattern: "^[^\\u0000-\\u001f\\u007f]*$" }, message: 'must match pattern "^[^\\u0000-\\u001f\\u007f]*$"' };
                                                                                                    if (vErrors === null) {
                                                                                                      vErrors = [err26];
                                                                                                    } else {
                                                                                                      vErrors.push(err26);
                                                                                                    }
                                                                                                    errors++;
                                                                                                  }
                                                                                                }
                                                                                              } else {
                                                                                                const err27 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7 + "/words/" + i8, schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/2/properties/words/items/type", keyword: "type", params: { type: "string" }, message: "must be string" };
                                                                                                if (vErrors === null) {
                                                                                                  vErrors = [err27];
                                                                                                } else {
                                                                                                  vErrors.push(err27);
                                                                                                }
                                                                                                errors++;
                                                                                              }
                                                                                            }
                                                                                            var valid20 = _errs94 === errors;
                                                                                            if (!valid20) {
                                                                                              break;
                                                                                            }
                                                                                          }
                                                                                        }
                                                                                      } else {
                                                                                        const err28 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7 + "/words", schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/2/properties/words/type", keyword: "type", params: { type: "array" }, message: "must be array" };
                                                                                        if (vErrors === null) {
                                                                                          vErrors = [err28];
                                                                                        } else {
                                                                                          vErrors.push(err28);
                                                                                        }
                                                                                        errors++;
                                                                                      }
                                                                                    }
                                                                                    var valid19 = _errs92 === errors;
                                                                                  } else {
                                                                                    var valid19 = true;
                                                                                  }
                                                                                }
                                                                              }
                                                                            }
                                                                          } else {
                                                                            const err29 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7, schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf/2/type", keyword: "type", params: { type: "object" }, message: "must be object" };
                                                                            if (vErrors === null) {
                                                                              vErrors = [err29];
                                                                            } else {
                                                                              vErrors.push(err29);
                                                                            }
                                                                            errors++;
                                                                          }
                                                                        }
                                                                        var _valid1 = _errs87 === errors;
                                                                        valid17 = valid17 || _valid1;
                                                                        if (_valid1) {
                                                                          if (props0 !== true) {
                                                                            props0 = true;
                                                                          }
                                                                        }
                                                                        if (!valid17) {
                                                                          const err30 = { instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments/" + i7, schemaPath: "#/properties/methods/additionalProperties/properties/arguments/items/anyOf", keyword: "anyOf", params: {}, message: "must match a schema in anyOf" };
                                                                          if (vErrors === null) {
                                                                            vErrors = [err30];
                                                                          } else {
                                                                            vErrors.push(err30);
                                                                          }
                                                                          errors++;
                                                                          validate22.errors = vErrors;
                                                                          return false;
                                                                        } else {
                                                                          errors = _errs77;
                                                                          if (vErrors !== null) {
                                                                            if (_errs77) {
                                                                              vErrors.length = _errs77;
                                                                            } else {
                                                                              vErrors = null;
                                                                            }
                                                                          }
                                                                        }
                                                                        var valid16 = _errs75 === errors;
                                                                        if (!valid16) {
                                                                          break;
                                                                        }
                                                                      }
                                                                    }
                                                                  } else {
                                                                    validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/arguments", schemaPath: "#/properties/methods/additionalProperties/properties/arguments/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                                                    return false;
                                                                  }
                                                                }
                                                                var valid8 = _errs73 === errors;
                                                                if (valid8) {
                                                                  let data37 = data14.environment;
                                                                  const _errs96 = errors;
                                                                  if (errors === _errs96) {
                                                                    if (data37 && typeof data37 == "object" && !Array.isArray(data37)) {
                                                                      if (Object.keys(data37).length > 32) {
                                                                        validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/environment", schemaPath: "#/properties/methods/additionalProperties/properties/environment/maxProperties", keyword: "maxProperties", params: { limit: 32 }, message: "must NOT have more than 32 properties" }];
                                                                        return false;
                                                                      } else {
                                                                        for (const key10 in data37) {
                                                                          let data38 = data37[key10];
                                                                          const _errs99 = errors;
                                                                          if (errors === _errs99) {
                                                                            if (data38 && typeof data38 == "object" && !Array.isArray(data38)) {
                                                                              let missing7;
                                                                              if (data38.param === void 0 && (missing7 = "param")) {
                                                                                validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/environment/" + key10.replace(/~/g, "~0").replace(/\//g, "~1"), schemaPath: "#/properties/methods/additionalProperties/properties/environment/additionalProperties/required", keyword: "required", params: { missingProperty: missing7 }, message: "must have required property '" + missing7 + "'" }];
                                                                                return false;
                                                                              } else {
                                                                                const _errs101 = errors;
                                                                                for (const key11 in data38) {
                                                                                  if (!(key11 === "param")) {
                                                                                    validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/environment/" + key10.replace(/~/g, "~0").replace(/\//g, "~1"), schemaPath: "#/properties/methods/additionalProperties/properties/environment/additionalProperties/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key11 }, message: "must NOT have additional properties" }];
                                                                                    return false;
                                                                                    break;
                                                                                  }
                                                                                }
                                                                                if (_errs101 === errors) {
                                                                                  if (data38.param !== void 0) {
                                                                                    let data39 = data38.param;
                                                                                    const _errs102 = errors;
                                                                                    if (errors === _errs102) {
                                                                                      if (typeof data39 === "string") {
                                                                                        if (!pattern62.test(data39)) {
                                                                                          validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/environment/" + key10.replace(/~/g, "~0").replace(/\//g, "~1") + "/param", schemaPath: "#/properties/methods/additionalProperties/properties/environment/additionalProperties/properties/param/pattern", keyword: "pattern", params: { pattern: "^[A-Za-z_][A-Za-z0-9_]{0,63}$" }, message: 'must match pattern "^[A-Za-z_][A-Za-z0-9_]{0,63}$"' }];
                                                                                          return false;
                                                                                        }
                                                                                      } else {
                                                                                        validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/environment/" + key10.replace(/~/g, "~0").replace(/\//g, "~1") + "/param", schemaPath: "#/properties/methods/additionalProperties/properties/environment/additionalProperties/properties/param/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                                        return false;
                                                                                      }
                                                                                    }
                                                                                  }
                                                                                }
                                                                              }
                                                                            } else {
                                                                              validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/environment/" + key10.replace(/~/g, "~0").replace(/\//g, "~1"), schemaPath: "#/properties/methods/additionalProperties/properties/environment/additionalProperties/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                                                              return false;
                                                                            }
                                                                          }
                                                                          var valid21 = _errs99 === errors;
                                                                          if (!valid21) {
                                                                            break;
                                                                          }
                                                                        }
                                                                      }
                                                                    } else {
                                                                      validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/environment", schemaPath: "#/properties/methods/additionalProperties/properties/environment/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                                                      return false;
                                                                    }
                                                                  }
                                                                  var valid8 = _errs96 === errors;
                                                                  if (valid8) {
                                                                    if (data14.stdin !== void 0) {
                                                                      let data40 = data14.stdin;
                                                                      const _errs104 = errors;
                                                                      if (errors === _errs104) {
                                                                        if (data40 && typeof data40 == "object" && !Array.isArray(data40)) {
                                                                          let missing8;
                                                                          if (data40.param === void 0 && (missing8 = "param")) {
                                                                            validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/stdin", schemaPath: "#/properties/methods/additionalProperties/properties/stdin/required", keyword: "required", params: { missingProperty: missing8 }, message: "must have required property '" + missing8 + "'" }];
                                                                            return false;
                                                                          } else {
                                                                            const _errs106 = errors;
                                                                            for (const key12 in data40) {
                                                                              if (!(key12 === "param")) {
                                                                                validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/stdin", schemaPath: "#/properties/methods/additionalProperties/properties/stdin/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key12 }, message: "must NOT have additional properties" }];
                                                                                return false;
                                                                                break;
                                                                              }
                                                                            }
                                                                            if (_errs106 === errors) {
                                                                              if (data40.param !== void 0) {
                                                                                let data41 = data40.param;
                                                                                const _errs107 = errors;
                                                                                if (errors === _errs107) {
                                                                                  if (typeof data41 === "string") {
                                                                                    if (!pattern62.test(data41)) {
                                                                                      validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/stdin/param", schemaPath: "#/properties/methods/additionalProperties/properties/stdin/properties/param/pattern", keyword: "pattern", params: { pattern: "^[A-Za-z_][A-Za-z0-9_]{0,63}$" }, message: 'must match pattern "^[A-Za-z_][A-Za-z0-9_]{0,63}$"' }];
                                                                                      return false;
                                                                                    }
                                                                                  } else {
                                                                                    validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/stdin/param", schemaPath: "#/properties/methods/additionalProperties/properties/stdin/properties/param/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                                    return false;
                                                                                  }
                                                                                }
                                                                              }
                                                                            }
                                                                          }
                                                                        } else {
                                                                          validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/stdin", schemaPath: "#/properties/methods/additionalProperties/properties/stdin/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                                                          return false;
                                                                        }
                                                                      }
                                                                      var valid8 = _errs104 === errors;
                                                                    } else {
                                                                      var valid8 = true;
                                                                    }
                                                                    if (valid8) {
                                                                      let data42 = data14.output;
                                                                      const _errs109 = errors;
                                                                      if (typeof data42 !== "string") {
                                                                        validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/output", schemaPath: "#/properties/methods/additionalProperties/properties/output/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                        return false;
                                                                      }
                                                                      if (!(data42 === "text" || data42 === "lines" || data42 === "json" || data42 === "exit-status")) {
                                                                        validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/output", schemaPath: "#/properties/methods/additionalProperties/properties/output/enum", keyword: "enum", params: { allowedValues: schema52.properties.methods.additionalProperties.properties.output.enum }, message: "must be equal to one of the allowed values" }];
                                                                        return false;
                                                                      }
                                                                      var valid8 = _errs109 === errors;
                                                                      if (valid8) {
                                                                        const _errs111 = errors;
                                                                        if (typeof data14.stream !== "boolean") {
                                                                          validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/stream", schemaPath: "#/properties/methods/additionalProperties/properties/stream/type", keyword: "type", params: { type: "boolean" }, message: "must be boolean" }];
                                                                          return false;
                                                                        }
                                                                        var valid8 = _errs111 === errors;
                                                                        if (valid8) {
                                                                          let data44 = data14.on_disconnect;
                                                                          const _errs113 = errors;
                                                                          if (typeof data44 !== "string") {
                                                                            validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/on_disconnect", schemaPath: "#/properties/methods/additionalProperties/properties/on_disconnect/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                                                            return false;
                                                                          }
                                                                          if (!(data44 === "cancel" || data44 === "finish")) {
                                                                            validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/on_disconnect", schemaPath: "#/properties/methods/additionalProperties/properties/on_disconnect/enum", keyword: "enum", params: { allowedValues: schema52.properties.methods.additionalProperties.properties.on_disconnect.enum }, message: "must be equal to one of the allowed values" }];
                                                                            return false;
                                                                          }
                                                                          var valid8 = _errs113 === errors;
                                                                          if (valid8) {
                                                                            let data45 = data14.exit_statuses;
                                                                            const _errs115 = errors;
                                                                            if (errors === _errs115) {
                                                                              if (Array.isArray(data45)) {
                                                                                if (data45.length > 64) {
                                                                                  validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/exit_statuses", schemaPath: "#/properties/methods/additionalProperties/properties/exit_statuses/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                                                                                  return false;
                                                                                } else {
                                                                                  if (data45.length < 1) {
                                                                                    validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/exit_statuses", schemaPath: "#/properties/methods/additionalProperties/properties/exit_statuses/minItems", keyword: "minItems", params: { limit: 1 }, message: "must NOT have fewer than 1 items" }];
                                                                                    return false;
                                                                                  } else {
                                                                                    var valid24 = true;
                                                                                    const len6 = data45.length;
                                                                                    for (let i9 = 0; i9 < len6; i9++) {
                                                                                      let data46 = data45[i9];
                                                                                      const _errs117 = errors;
                                                                                      if (!(typeof data46 == "number" && (!(data46 % 1) && !isNaN(data46)) && isFinite(data46))) {
                                                                                        validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/exit_statuses/" + i9, schemaPath: "#/properties/methods/additionalProperties/properties/exit_statuses/items/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
                                                                                        return false;
                                                                                      }
                                                                                      if (errors === _errs117) {
                                                                                        if (typeof data46 == "number" && isFinite(data46)) {
                                                                                          if (data46 > 125 || isNaN(data46)) {
                                                                                            validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/exit_statuses/" + i9, schemaPath: "#/properties/methods/additionalProperties/properties/exit_statuses/items/maximum", keyword: "maximum", params: { comparison: "<=", limit: 125 }, message: "must be <= 125" }];
                                                                                            return false;
                                                                                          } else {
                                                                                            if (data46 < 0 || isNaN(data46)) {
                                                                                              validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/exit_statuses/" + i9, schemaPath: "#/properties/methods/additionalProperties/properties/exit_statuses/items/minimum", keyword: "minimum", params: { comparison: ">=", limit: 0 }, message: "must be >= 0" }];
                                                                                              return false;
                                                                                            }
                                                                                          }
                                                                                        }
                                                                                      }
                                                                                      var valid24 = _errs117 === errors;
                                                                                      if (!valid24) {
                                                                                        break;
                                                                                      }
                                                                                    }
                                                                                    if (valid24) {
                                                                                      let i10 = data45.length;
                                                                                      let j3;
                                                                                      if (i10 > 1) {
                                                                                        const indices3 = {};
                                                                                        for (; i10--; ) {
                                                                                          let item3 = data45[i10];
                                                                                          if (!(typeof item3 == "number" && (!(item3 % 1) && !isNaN(item3)) && isFinite(item3))) {
                                                                                            continue;
                                                                                          }
                                                                                          if (typeof indices3[item3] == "number") {
                                                                                            j3 = indices3[item3];
                                                                                            validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/exit_statuses", schemaPath: "#/properties/methods/additionalProperties/properties/exit_statuses/uniqueItems", keyword: "uniqueItems", params: { i: i10, j: j3 }, message: "must NOT have duplicate items (items ## " + j3 + " and " + i10 + " are identical)" }];
                                                                                            return false;
                                                                                            break;
                                                                                          }
                                                                                          indices3[item3] = i10;
                                                                                        }
                                                                                      }
                                                                                    }
                                                                                  }
                                                                                }
                                                                              } else {
                                                                                validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1") + "/exit_statuses", schemaPath: "#/properties/methods/additionalProperties/properties/exit_statuses/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                                                                return false;
                                                                              }
                                                                            }
                                                                            var valid8 = _errs115 === errors;
                                                                          }
                                                                        }
                                                                      }
                                                                    }
                                                                  }
                                                                }
                                                              }
                                                            }
                                                          }
                                                        }
                                                      }
                                                    }
                                                  }
                                                }
                                              }
                                            }
                                          }
                                        }
                                      } else {
                                        validate22.errors = [{ instancePath: instancePath + "/methods/" + key3.replace(/~/g, "~0").replace(/\//g, "~1"), schemaPath: "#/properties/methods/additionalProperties/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                                        return false;
                                      }
                                    }
                                    var valid7 = _errs36 === errors;
                                    if (!valid7) {
                                      break;
                                    }
                                  }
                                }
                              }
                            } else {
                              validate22.errors = [{ instancePath: instancePath + "/methods", schemaPath: "#/properties/methods/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                              return false;
                            }
                          }
                          var valid0 = _errs31 === errors;
                        } else {
                          var valid0 = true;
                        }
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    } else {
      validate22.errors = [{ instancePath, schemaPath: "#/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
      return false;
    }
  }
  validate22.errors = vErrors;
  return errors === 0;
}
validate22.evaluated = { "props": true, "dynamicProps": false, "dynamicItems": false };
var program = validate25;
var schema57 = { "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "program.schema.json", "title": "Program", "description": "driver.yaml: a driver's methods, program, and what it asks for.", "type": "object", "additionalProperties": true, "required": ["version", "name", "kind", "program"], "examples": [{ "version": 1, "name": "cpu", "kind": "command", "program": { "executable": "/usr/bin/lscpu" }, "methods": {} }], "properties": { "version": { "title": "Version", "description": "Version of this format.", "const": 1, "type": "integer", "examples": [1] }, "name": { "type": "string", "pattern": "^[a-z][a-z0-9-]{0,31}$", "title": "Name", "description": "Name of the driver and of its folder.", "examples": ["disk"] }, "kind": { "title": "Kind", "description": "`jsonrpc`: speaks the driver protocol. `command`: any program.", "type": "string", "enum": ["jsonrpc", "command"], "examples": ["jsonrpc"] }, "program": { "title": "Program", "description": "What is started; the only block that the monitor reads.", "type": "object", "additionalProperties": false, "examples": [{ "executable": "/usr/bin/lscpu", "arguments": ["-J"] }], "oneOf": [{ "required": ["executable"] }, { "required": ["node"] }], "properties": { "executable": { "title": "Executable", "description": "An absolute path, or the name of a file in the driver's folder.", "type": "string", "maxLength": 4096, "pattern": "^(?:/[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*|[A-Za-z0-9_][A-Za-z0-9_.-]*)$", "examples": ["/usr/bin/lscpu"] }, "node": { "title": "Node program", "description": "A file in the driver's folder, run on the daemon's own Node.", "type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]*$", "maxLength": 255, "examples": ["disk.ts"] }, "arguments": { "type": "array", "maxItems": 64, "items": { "type": "string", "maxLength": 4096, "pattern": "^[^\\u0000-\\u001f\\u007f]*$" }, "title": "Arguments", "description": "Fixed leading words.", "default": [], "examples": [["-J"]] }, "environment": { "title": "Environment", "description": "Names of variables whose values methods may set (command drivers).", "type": "array", "maxItems": 32, "uniqueItems": true, "items": { "type": "string", "pattern": "^(?!LD_|GCONV_PATH$|NODE_OPTIONS$|NODE_PATH$|BASH_ENV$|ENV$|IFS$|PATH$|SHELLOPTS$|PYTHON[A-Z]*$|PERL5[A-Z]*$)[A-Za-z_][A-Za-z0-9_]*$" }, "default": [], "examples": [["LC_ALL"]] } } }, "asks": { "title": "Asks", "description": "What it asks for, in a profile's words; nothing is granted by it.", "$ref": "asks.schema.json", "examples": [{ "filesystem": { "read": ["/srv"] } }] } } };
function validate25(data, { instancePath = "", parentData, parentDataProperty, rootData = data, dynamicAnchors = {} } = {}) {
  ;
  let vErrors = null;
  let errors = 0;
  const evaluated0 = validate25.evaluated;
  if (evaluated0.dynamicProps) {
    evaluated0.props = void 0;
  }
  if (evaluated0.dynamicItems) {
    evaluated0.items = void 0;
  }
  if (errors === 0) {
    if (data && typeof data == "object" && !Array.isArray(data)) {
      let missing0;
      if (data.version === void 0 && (missing0 = "version") || data.name === void 0 && (missing0 = "name") || data.kind === void 0 && (missing0 = "kind") || data.program === void 0 && (missing0 = "program")) {
        validate25.errors = [{ instancePath, schemaPath: "#/required", keyword: "required", params: { missingProperty: missing0 }, message: "must have required property '" + missing0 + "'" }];
        return false;
      } else {
        if (data.version !== void 0) {
          let data0 = data.version;
          const _errs2 = errors;
          if (!(typeof data0 == "number" && (!(data0 % 1) && !isNaN(data0)) && isFinite(data0))) {
            validate25.errors = [{ instancePath: instancePath + "/version", schemaPath: "#/properties/version/type", keyword: "type", params: { type: "integer" }, message: "must be integer" }];
            return false;
          }
          if (1 !== data0) {
            validate25.errors = [{ instancePath: instancePath + "/version", schemaPath: "#/properties/version/const", keyword: "const", params: { allowedValue: 1 }, message: "must be equal to constant" }];
            return false;
          }
          var valid0 = _errs2 === errors;
        } else {
          var valid0 = true;
        }
        if (valid0) {
          if (data.name !== void 0) {
            let data1 = data.name;
            const _errs4 = errors;
            if (errors === _errs4) {
              if (typeof data1 === "string") {
                if (!pattern21.test(data1)) {
                  validate25.errors = [{ instancePath: instancePath + "/name", schemaPath: "#/properties/name/pattern", keyword: "pattern", params: { pattern: "^[a-z][a-z0-9-]{0,31}$" }, message: 'must match pattern "^[a-z][a-z0-9-]{0,31}$"' }];
                  return false;
                }
              } else {
                validate25.errors = [{ instancePath: instancePath + "/name", schemaPath: "#/properties/name/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                return false;
              }
            }
            var valid0 = _errs4 === errors;
          } else {
            var valid0 = true;
          }
          if (valid0) {
            if (data.kind !== void 0) {
              let data2 = data.kind;
              const _errs6 = errors;
              if (typeof data2 !== "string") {
                validate25.errors = [{ instancePath: instancePath + "/kind", schemaPath: "#/properties/kind/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                return false;
              }
              if (!(data2 === "jsonrpc" || data2 === "command")) {
                validate25.errors = [{ instancePath: instancePath + "/kind", schemaPath: "#/properties/kind/enum", keyword: "enum", params: { allowedValues: schema57.properties.kind.enum }, message: "must be equal to one of the allowed values" }];
                return false;
              }
              var valid0 = _errs6 === errors;
            } else {
              var valid0 = true;
            }
            if (valid0) {
              if (data.program !== void 0) {
                let data3 = data.program;
                const _errs8 = errors;
                const _errs10 = errors;
                let valid1 = false;
                let passing0 = null;
                const _errs11 = errors;
                if (data3 && typeof data3 == "object" && !Array.isArray(data3)) {
                  let missing1;
                  if (data3.executable === void 0 && (missing1 = "executable")) {
                    const err0 = { instancePath: instancePath + "/program", schemaPath: "#/properties/program/oneOf/0/required", keyword: "required", params: { missingProperty: missing1 }, message: "must have required property '" + missing1 + "'" };
                    if (vErrors === null) {
                      vErrors = [err0];
                    } else {
                      vErrors.push(err0);
                    }
                    errors++;
                  }
                }
                var _valid0 = _errs11 === errors;
                if (_valid0) {
                  valid1 = true;
                  passing0 = 0;
                }
                const _errs12 = errors;
                if (data3 && typeof data3 == "object" && !Array.isArray(data3)) {
                  let missing2;
                  if (data3.node === void 0 && (missing2 = "node")) {
                    const err1 = { instancePath: instancePath + "/program", schemaPath: "#/properties/program/oneOf/1/required", keyword: "required", params: { missingProperty: missing2 }, message: "must have required property '" + missing2 + "'" };
                    if (vErrors === null) {
                      vErrors = [err1];
                    } else {
                      vErrors.push(err1);
                    }
                    errors++;
                  }
                }
                var _valid0 = _errs12 === errors;
                if (_valid0 && valid1) {
                  valid1 = false;
                  passing0 = [passing0, 1];
                } else {
                  if (_valid0) {
                    valid1 = true;
                    passing0 = 1;
                  }
                }
                if (!valid1) {
                  const err2 = { instancePath: instancePath + "/program", schemaPath: "#/properties/program/oneOf", keyword: "oneOf", params: { passingSchemas: passing0 }, message: "must match exactly one schema in oneOf" };
                  if (vErrors === null) {
                    vErrors = [err2];
                  } else {
                    vErrors.push(err2);
                  }
                  errors++;
                  validate25.errors = vErrors;
                  return false;
                } else {
                  errors = _errs10;
                  if (vErrors !== null) {
                    if (_errs10) {
                      vErrors.length = _errs10;
                    } else {
                      vErrors = null;
                    }
                  }
                }
                if (errors === _errs8) {
                  if (data3 && typeof data3 == "object" && !Array.isArray(data3)) {
                    if (data3.arguments === void 0) {
                      data3.arguments = [];
                    }
                    if (data3.environment === void 0) {
                      data3.environment = [];
                    }
                    const _errs13 = errors;
                    for (const key0 in data3) {
                      if (!(key0 === "executable" || key0 === "node" || key0 === "arguments" || key0 === "environment")) {
                        validate25.errors = [{ instancePath: instancePath + "/program", schemaPath: "#/properties/program/additionalProperties", keyword: "additionalProperties", params: { additionalProperty: key0 }, message: "must NOT have additional properties" }];
                        return false;
                        break;
                      }
                    }
                    if (_errs13 === errors) {
                      if (data3.executable !== void 0) {
                        let data4 = data3.executable;
                        const _errs14 = errors;
                        if (errors === _errs14) {
                          if (typeof data4 === "string") {
                            if (func2(data4) > 4096) {
                              validate25.errors = [{ instancePath: instancePath + "/program/executable", schemaPath: "#/properties/program/properties/executable/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" }];
                              return false;
                            } else {
                              if (!pattern44.test(data4)) {
                                validate25.errors = [{ instancePath: instancePath + "/program/executable", schemaPath: "#/properties/program/properties/executable/pattern", keyword: "pattern", params: { pattern: "^(?:/[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*|[A-Za-z0-9_][A-Za-z0-9_.-]*)$" }, message: 'must match pattern "^(?:/[^/\\u0000-\\u001f]+(?:/[^/\\u0000-\\u001f]+)*|[A-Za-z0-9_][A-Za-z0-9_.-]*)$"' }];
                                return false;
                              }
                            }
                          } else {
                            validate25.errors = [{ instancePath: instancePath + "/program/executable", schemaPath: "#/properties/program/properties/executable/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                            return false;
                          }
                        }
                        var valid2 = _errs14 === errors;
                      } else {
                        var valid2 = true;
                      }
                      if (valid2) {
                        if (data3.node !== void 0) {
                          let data5 = data3.node;
                          const _errs16 = errors;
                          if (errors === _errs16) {
                            if (typeof data5 === "string") {
                              if (func2(data5) > 255) {
                                validate25.errors = [{ instancePath: instancePath + "/program/node", schemaPath: "#/properties/program/properties/node/maxLength", keyword: "maxLength", params: { limit: 255 }, message: "must NOT have more than 255 characters" }];
                                return false;
                              } else {
                                if (!pattern45.test(data5)) {
                                  validate25.errors = [{ instancePath: instancePath + "/program/node", schemaPath: "#/properties/program/properties/node/pattern", keyword: "pattern", params: { pattern: "^[A-Za-z0-9_][A-Za-z0-9_.-]*$" }, message: 'must match pattern "^[A-Za-z0-9_][A-Za-z0-9_.-]*$"' }];
                                  return false;
                                }
                              }
                            } else {
                              validate25.errors = [{ instancePath: instancePath + "/program/node", schemaPath: "#/properties/program/properties/node/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                              return false;
                            }
                          }
                          var valid2 = _errs16 === errors;
                        } else {
                          var valid2 = true;
                        }
                        if (valid2) {
                          let data6 = data3.arguments;
                          const _errs18 = errors;
                          if (errors === _errs18) {
                            if (Array.isArray(data6)) {
                              if (data6.length > 64) {
                                validate25.errors = [{ instancePath: instancePath + "/program/arguments", schemaPath: "#/properties/program/properties/arguments/maxItems", keyword: "maxItems", params: { limit: 64 }, message: "must NOT have more than 64 items" }];
                                return false;
                              } else {
                                var valid3 = true;
                                const len0 = data6.length;
                                for (let i0 = 0; i0 < len0; i0++) {
                                  let data7 = data6[i0];
                                  const _errs20 = errors;
                                  if (errors === _errs20) {
                                    if (typeof data7 === "string") {
                                      if (func2(data7) > 4096) {
                                        validate25.errors = [{ instancePath: instancePath + "/program/arguments/" + i0, schemaPath: "#/properties/program/properties/arguments/items/maxLength", keyword: "maxLength", params: { limit: 4096 }, message: "must NOT have more than 4096 characters" }];
                                        return false;
                                      } else {
                                        if (!pattern46.test(data7)) {
                                          validate25.errors = [{ instancePath: instancePath + "/program/arguments/" + i0, schemaPath: "#/properties/program/properties/arguments/items/pattern", keyword: "pattern", params: { pattern: "^[^\\u0000-\\u001f\\u007f]*$" }, message: 'must match pattern "^[^\\u0000-\\u001f\\u007f]*$"' }];
                                          return false;
                                        }
                                      }
                                    } else {
                                      validate25.errors = [{ instancePath: instancePath + "/program/arguments/" + i0, schemaPath: "#/properties/program/properties/arguments/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                      return false;
                                    }
                                  }
                                  var valid3 = _errs20 === errors;
                                  if (!valid3) {
                                    break;
                                  }
                                }
                              }
                            } else {
                              validate25.errors = [{ instancePath: instancePath + "/program/arguments", schemaPath: "#/properties/program/properties/arguments/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                              return false;
                            }
                          }
                          var valid2 = _errs18 === errors;
                          if (valid2) {
                            let data8 = data3.environment;
                            const _errs22 = errors;
                            if (errors === _errs22) {
                              if (Array.isArray(data8)) {
                                if (data8.length > 32) {
                                  validate25.errors = [{ instancePath: instancePath + "/program/environment", schemaPath: "#/properties/program/properties/environment/maxItems", keyword: "maxItems", params: { limit: 32 }, message: "must NOT have more than 32 items" }];
                                  return false;
                                } else {
                                  var valid4 = true;
                                  const len1 = data8.length;
                                  for (let i1 = 0; i1 < len1; i1++) {
                                    let data9 = data8[i1];
                                    const _errs24 = errors;
                                    if (errors === _errs24) {
                                      if (typeof data9 === "string") {
                                        if (!pattern36.test(data9)) {
                                          validate25.errors = [{ instancePath: instancePath + "/program/environment/" + i1, schemaPath: "#/properties/program/properties/environment/items/pattern", keyword: "pattern", params: { pattern: "^(?!LD_|GCONV_PATH$|NODE_OPTIONS$|NODE_PATH$|BASH_ENV$|ENV$|IFS$|PATH$|SHELLOPTS$|PYTHON[A-Z]*$|PERL5[A-Z]*$)[A-Za-z_][A-Za-z0-9_]*$" }, message: 'must match pattern "^(?!LD_|GCONV_PATH$|NODE_OPTIONS$|NODE_PATH$|BASH_ENV$|ENV$|IFS$|PATH$|SHELLOPTS$|PYTHON[A-Z]*$|PERL5[A-Z]*$)[A-Za-z_][A-Za-z0-9_]*$"' }];
                                          return false;
                                        }
                                      } else {
                                        validate25.errors = [{ instancePath: instancePath + "/program/environment/" + i1, schemaPath: "#/properties/program/properties/environment/items/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
                                        return false;
                                      }
                                    }
                                    var valid4 = _errs24 === errors;
                                    if (!valid4) {
                                      break;
                                    }
                                  }
                                  if (valid4) {
                                    let i2 = data8.length;
                                    let j0;
                                    if (i2 > 1) {
                                      const indices0 = {};
                                      for (; i2--; ) {
                                        let item0 = data8[i2];
                                        if (typeof item0 !== "string") {
                                          continue;
                                        }
                                        if (typeof indices0[item0] == "number") {
                                          j0 = indices0[item0];
                                          validate25.errors = [{ instancePath: instancePath + "/program/environment", schemaPath: "#/properties/program/properties/environment/uniqueItems", keyword: "uniqueItems", params: { i: i2, j: j0 }, message: "must NOT have duplicate items (items ## " + j0 + " and " + i2 + " are identical)" }];
                                          return false;
                                          break;
                                        }
                                        indices0[item0] = i2;
                                      }
                                    }
                                  }
                                }
                              } else {
                                validate25.errors = [{ instancePath: instancePath + "/program/environment", schemaPath: "#/properties/program/properties/environment/type", keyword: "type", params: { type: "array" }, message: "must be array" }];
                                return false;
                              }
                            }
                            var valid2 = _errs22 === errors;
                          }
                        }
                      }
                    }
                  } else {
                    validate25.errors = [{ instancePath: instancePath + "/program", schemaPath: "#/properties/program/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
                    return false;
                  }
                }
                var valid0 = _errs8 === errors;
              } else {
                var valid0 = true;
              }
              if (valid0) {
                if (data.asks !== void 0) {
                  const _errs26 = errors;
                  if (!validate23(data.asks, { instancePath: instancePath + "/asks", parentData: data, parentDataProperty: "asks", rootData, dynamicAnchors })) {
                    vErrors = vErrors === null ? validate23.errors : vErrors.concat(validate23.errors);
                    errors = vErrors.length;
                  }
                  var valid0 = _errs26 === errors;
                } else {
                  var valid0 = true;
                }
              }
            }
          }
        }
      }
    } else {
      validate25.errors = [{ instancePath, schemaPath: "#/type", keyword: "type", params: { type: "object" }, message: "must be object" }];
      return false;
    }
  }
  validate25.errors = vErrors;
  return errors === 0;
}
validate25.evaluated = { "props": true, "dynamicProps": false, "dynamicItems": false };
var profileName = validate27;
function validate27(data, { instancePath = "", parentData, parentDataProperty, rootData = data, dynamicAnchors = {} } = {}) {
  ;
  let vErrors = null;
  let errors = 0;
  const evaluated0 = validate27.evaluated;
  if (evaluated0.dynamicProps) {
    evaluated0.props = void 0;
  }
  if (evaluated0.dynamicItems) {
    evaluated0.items = void 0;
  }
  const _errs1 = errors;
  const _errs2 = errors;
  if (!(data === "rpc" || data === "call" || data === "list" || data === "describe" || data === "audit" || data === "status" || data === "can" || data === "who-can" || data === "enable" || data === "disable" || data === "pause" || data === "resume" || data === "reload" || data === "logs" || data === "scrub" || data === "isolation" || data === "doctor" || data === "cancel" || data === "help" || data === "version")) {
    const err0 = {};
    if (vErrors === null) {
      vErrors = [err0];
    } else {
      vErrors.push(err0);
    }
    errors++;
  }
  var valid0 = _errs2 === errors;
  if (valid0) {
    validate27.errors = [{ instancePath, schemaPath: "#/not", keyword: "not", params: {}, message: "must NOT be valid" }];
    return false;
  } else {
    errors = _errs1;
    if (vErrors !== null) {
      if (_errs1) {
        vErrors.length = _errs1;
      } else {
        vErrors = null;
      }
    }
  }
  if (errors === 0) {
    if (typeof data === "string") {
      if (!pattern21.test(data)) {
        validate27.errors = [{ instancePath, schemaPath: "#/pattern", keyword: "pattern", params: { pattern: "^[a-z][a-z0-9-]{0,31}$" }, message: 'must match pattern "^[a-z][a-z0-9-]{0,31}$"' }];
        return false;
      }
    } else {
      validate27.errors = [{ instancePath, schemaPath: "#/type", keyword: "type", params: { type: "string" }, message: "must be string" }];
      return false;
    }
  }
  validate27.errors = vErrors;
  return errors === 0;
}
validate27.evaluated = { "dynamicProps": false, "dynamicItems": false };
export {
  manifest,
  profile,
  profileName,
  program,
  settings
};
