/* SPDX-License-Identifier: BSD-3-Clause */

/* What is said about a configuration that cannot be used: always the place, the line, the problem
 * and what was expected. The whole message is compared. */

#include "base/error.h"
#include "conf/conf.h"
#include "conf/read/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))
#define GROUP       "sentinel monitor m 127.0.0.1 6379 2\n"
#define NOT_KNOWN   "Unrecognized sentinel configuration statement."
#define CONTROL     "control characters are not allowed in a value\n"

struct row {
    const char *text;
    const char *error;
};

static void check(const struct row *rows, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        struct sn_conf conf;
        struct sn_buf error;
        sn_buf_init(&error, SIZE_MAX);
        int code =
            sn_conf_parse(name, rows[i].text, strlen(rows[i].text), 0, NULL, true, &conf, &error);
        assert_int_equal(code, SN_EINVAL);
        assert_string_equal(sn_buf_text(&error), rows[i].error);
        assert_null(conf.notices);
        sn_buf_fini(&error);
    }
}

static const struct row redis_rows[] = {
    {"# x\n\nport\n", "s.conf:3: port\nwrong number of arguments. Expected: 1 value after port.\n"},
    {"port 1 2", "s.conf:1: port 1 2\n"
                 "wrong number of arguments. Expected: 1 value after port.\n"},
    {"port 26379x", "s.conf:1: port 26379x\nargument couldn't be parsed into an integer. "
                    "Expected: a number from 0 to 65535.\n"},
    {"port 65536", "s.conf:1: port 65536\nargument must be between 0 and 65535 inclusive. "
                   "Expected: a number from 0 to 65535.\n"},
    {"timeout -1", "s.conf:1: timeout -1\nargument must be between 0 and 2147483647 inclusive. "
                   "Expected: a number from 0 to 2147483647.\n"},
    {"maxclients 4294967296",
     "s.conf:1: maxclients 4294967296\nargument must be between 1 and 4294967295 inclusive. "
     "Expected: a number from 1 to 4294967295.\n"},
    {"protected-mode maybe", "s.conf:1: protected-mode maybe\nargument must be 'yes' or 'no'. "
                             "Expected: yes or no.\n"},
    {"loglevel loud", "s.conf:1: loglevel loud\nargument(s) must be one of the following: debug, "
                      "verbose, notice, warning, nothing. Expected: one of debug, verbose, notice, "
                      "warning, nothing.\n"},
    {"syslog-facility mail",
     "s.conf:1: syslog-facility mail\nargument(s) must be one of the following: user, local0, "
     "local1, local2, local3, local4, local5, local6, local7. Expected: one of user, local0, "
     "local1, local2, local3, local4, local5, local6, local7.\n"},
    {"unixsocketperm 9", "s.conf:1: unixsocketperm 9\nargument couldn't be parsed as an octal "
                         "number. Expected: an octal number up to 777.\n"},
    {"proto-max-bulk-len 5tb", "s.conf:1: proto-max-bulk-len 5tb\nargument must be a memory value. "
                               "Expected: a number of bytes, at least 1048576, such as 64mb.\n"},
    {"client-query-buffer-limit 99999999999gb",
     "s.conf:1: client-query-buffer-limit 99999999999gb\nargument must be between 1048576 and "
     "9223372036854775807 inclusive. Expected: a number of bytes, at least 1048576, such as "
     "64mb.\n"},
    {"http-bind 127.0.0.1 \"\"", "s.conf:1: http-bind 127.0.0.1 \"\"\nAn address is empty. "
                                 "Expected: addresses of this machine.\n"},
    {"client-output-buffer-limit pubsub 1 2",
     "s.conf:1: client-output-buffer-limit pubsub 1 2\nWrong number of arguments in buffer "
     "limit "
     "configuration. Expected: groups of: class, hard limit, soft limit, seconds.\n"},
    {"client-output-buffer-limit friends 1 2 3",
     "s.conf:1: client-output-buffer-limit friends 1 2 3\nInvalid client class specified in "
     "buffer "
     "limit configuration. Expected: normal, replica or pubsub.\n"},
    {"client-output-buffer-limit pubsub 1 2 x",
     "s.conf:1: client-output-buffer-limit pubsub 1 2 x\nError in hard, soft or soft_seconds "
     "setting "
     "in buffer limit configuration. Expected: groups of: class, hard limit, soft limit, "
     "seconds.\n"},
    {"dir /nowhere/at/all", "s.conf:1: dir /nowhere/at/all\nNo such file or directory. Expected: "
                            "the path of an existing folder.\n"},
    {"include /nowhere/at/all", "s.conf:1: include /nowhere/at/all\nFatal error, can't open config "
                                "file '/nowhere/at/all': No such file or directory. Expected: a "
                                "readable file.\n"},
    {"prot 1",
     "s.conf:1: prot 1\nBad directive or wrong number of arguments. 'prot' is not a known "
     "directive; did you mean 'port'?\n"},
    {"gibberish 1",
     "s.conf:1: gibberish 1\nBad directive or wrong number of arguments. 'gibberish' "
     "is not a known directive\n"},
    {"logfile \"a", "s.conf:1: logfile \"a\nUnbalanced quotes in configuration line. Expected: a "
                    "quote at the end of the word that one begins.\n"},
    {"logfile \"a\"b", "s.conf:1: logfile \"a\"b\nUnbalanced quotes in configuration line. "
                       "Expected: a quote at the end of the word that one begins.\n"},
    {"requirepass \"a\\nb\"", "s.conf:1: requirepass \"a\\nb\"\n" CONTROL},
    {GROUP "sentinel auth-pass m \"a\\x00b\"",
     "s.conf:2: sentinel auth-pass m \"a\\x00b\"\n" CONTROL},
    {GROUP "sentinel auth-pass m a\tb\x01", "s.conf:2: sentinel auth-pass m a\\tb\\x01\n" CONTROL},
    {"sentinel montor m 127.0.0.1 6379 2",
     "s.conf:1: sentinel montor m 127.0.0.1 6379 2\n" NOT_KNOWN
     " 'montor' is not a known directive; did you mean 'monitor'?\n"},
    {"sentinel quorum m 2",
     "s.conf:1: sentinel quorum m 2\n" NOT_KNOWN " 'quorum' is not a known directive\n"},
    {"sentinel monitor m 127.0.0.1 6379",
     "s.conf:1: sentinel monitor m 127.0.0.1 6379\n" NOT_KNOWN
     " Expected: a group's name and 3 values after monitor.\n"},
    {"sentinel auth-pass m", "s.conf:1: sentinel auth-pass m\n" NOT_KNOWN
                             " Expected: a group's name and 1 value after auth-pass.\n"},
    {"sentinel announce-ip",
     "s.conf:1: sentinel announce-ip\n" NOT_KNOWN " Expected: 1 value after announce-ip.\n"},
    {"sentinel monitor m 127.0.0.1 6379 0",
     "s.conf:1: sentinel monitor m 127.0.0.1 6379 0\n"
     "Quorum must be 1 or greater. Expected: a number, at least 1.\n"},
    {"sentinel monitor m 127.0.0.1 6379 4294967297",
     "s.conf:1: sentinel monitor m 127.0.0.1 6379 4294967297\n"
     "Quorum must be 1 or greater. Expected: a number, at least 1.\n"},
    {"sentinel monitor m 127.0.0.1 65536 1", "s.conf:1: sentinel monitor m 127.0.0.1 65536 1\n"
                                             "Invalid port number. Expected: a port from 1 to "
                                             "65535.\n"},
    {"sentinel monitor m 127.0.0.1 x 1",
     "s.conf:1: sentinel monitor m 127.0.0.1 x 1\n"
     "Invalid port number. Expected: a port from 1 to 65535.\n"},
    {"sentinel monitor m db/example 6379 1",
     "s.conf:1: sentinel monitor m db/example 6379 1\nCan't resolve instance hostname. "
     "Expected: an IP address, or a host name of letters, digits, '.', '-' and '_'.\n"},
    {"sentinel monitor m  6379 2",
     "s.conf:1: sentinel monitor m  6379 2\nthe address is missing: redis-sentinel writes such a "
     "line when a host name did not resolve. Expected: sentinel monitor m HOST 6379 2, with the "
     "master's address as HOST.\n"},
    {"sentinel monitor m 127.0.0.1 6379x 2", "s.conf:1: sentinel monitor m 127.0.0.1 6379x "
                                             "2\n'6379x' is not a whole number: redis-sentinel "
                                             "reads 6379. Expected: digits only.\n"},
    {GROUP "sentinel down-after-milliseconds m 5s",
     "s.conf:2: sentinel down-after-milliseconds m 5s\n'5s' is not a whole number of milliseconds: "
     "redis-sentinel reads 5 ms. Expected: a number of milliseconds, at least 1.\n"},
    {GROUP "sentinel parallel-syncs m 1ms",
     "s.conf:2: sentinel parallel-syncs m 1ms\n'1ms' is not a whole number: redis-sentinel reads "
     "1. "
     "Expected: how many replicas may be reconfigured at once, at least 1.\n"},
    {"sentinel monitor a,b 127.0.0.1 6379 1",
     "s.conf:1: sentinel monitor a,b 127.0.0.1 6379 1\nInvalid master name. Expected: 1 to 255 "
     "characters, none of them a blank, a comma or a control character; letters, digits, '.', "
     "'-' "
     "and '_' are safe everywhere.\n"},
    {GROUP GROUP, "s.conf:2: sentinel monitor m 127.0.0.1 6379 2\n"
                  "Duplicate master name. Expected: one monitor line per group.\n"},
    {GROUP "sentinel down-after-milliseconds m 0",
     "s.conf:2: sentinel down-after-milliseconds m 0\nnegative or zero time parameter. "
     "Expected: a "
     "number of milliseconds, at least 1.\n"},
    {GROUP "sentinel failover-timeout m 3m",
     "s.conf:2: sentinel failover-timeout m 3m\n'3m' is not a whole number of milliseconds: "
     "redis-sentinel reads 3 ms. Expected: a number of milliseconds, at least 1.\n"},
    {GROUP "sentinel failover-timeout m 9223372036854775807",
     "s.conf:2: sentinel failover-timeout m 9223372036854775807\nnegative or zero time "
     "parameter. "
     "Expected: a number of milliseconds, at least 1.\n"},
    {GROUP "sentinel parallel-syncs m x",
     "s.conf:2: sentinel parallel-syncs m x\nparallel-syncs must be 1 or greater. Expected: "
     "how many "
     "replicas may be reconfigured at once, at least 1.\n"},
    {GROUP "sentinel primary-reboot-down-after-period m -1",
     "s.conf:2: sentinel primary-reboot-down-after-period m -1\nnegative time parameter. "
     "Expected: a "
     "number of milliseconds; 0: off.\n"},
    {GROUP "sentinel notification-script m /nowhere/x",
     "s.conf:2: sentinel notification-script m /nowhere/x\nNotification script seems non "
     "existing or "
     "non executable. Expected: the path of an executable file.\n"},
    {GROUP "sentinel client-reconfig-script m /etc/passwd",
     "s.conf:2: sentinel client-reconfig-script m /etc/passwd\nClient reconfiguration script "
     "seems "
     "non existing or non executable. Expected: the path of an executable file.\n"},
    {GROUP "sentinel rename-command m a b\nsentinel rename-command m A c",
     "s.conf:3: sentinel rename-command m A c\nSame command renamed multiple times with "
     "rename-command. Expected: one line per command.\n"},
    {GROUP "sentinel rename-command m a \"\"",
     "s.conf:2: sentinel rename-command m a \"\"\na command's name is empty. Expected: the "
     "name of a "
     "command and its new name.\n"},
    {"sentinel auth-user other x", "s.conf:1: sentinel auth-user other x\nNo such master with "
                                   "specified name. Expected: a group that a monitor line defines, "
                                   "in any place of the file.\n"},
    {"sentinel announce-port 65536",
     "s.conf:1: sentinel announce-port 65536\nargument must be between 0 and 65535 inclusive. "
     "Expected: a number from 0 to 65535.\n"},
    {"sentinel announce-ip a,b", "s.conf:1: sentinel announce-ip a,b\nargument must be an address. "
                                 "Expected: an IP address or a host name.\n"},
    {"sentinel deny-scripts-reconfig 1",
     "s.conf:1: sentinel deny-scripts-reconfig 1\nPlease specify yes or no for the "
     "deny-scripts-reconfig options. Expected: yes or no.\n"},
    {"sentinel resolve-hostnames 1", "s.conf:1: sentinel resolve-hostnames 1\nPlease specify "
                                     "yes or no for the resolve-hostnames "
                                     "option. Expected: yes or no.\n"},
    {"sentinel announce-hostnames 1", "s.conf:1: sentinel announce-hostnames 1\nPlease specify "
                                      "yes or no for the announce-hostnames "
                                      "option. Expected: yes or no.\n"},
    {"sentinel myid 123",
     "s.conf:1: sentinel myid 123\nMalformed Sentinel id in myid option. "
     "Expected: 40 characters, none of them a blank, a comma or a control character.\n"},
    {"sentinel current-epoch x", "s.conf:1: sentinel current-epoch x\nMalformed epoch. Expected: "
                                 "a number without sign, as it was saved.\n"},
    {GROUP "sentinel config-epoch m x", "s.conf:2: sentinel config-epoch m x\nMalformed epoch. "
                                        "Expected: a number without sign, as it was saved.\n"},
    {GROUP "sentinel leader-epoch m ''\n"
           "",
     "s.conf:2: sentinel leader-epoch m ''\nMalformed epoch. Expected: a number "
     "without sign, as it was saved.\n"},
    {GROUP "sentinel known-replica m 127.0.0.1 70000",
     "s.conf:2: sentinel known-replica m 127.0.0.1 70000\nInvalid port number. Expected: a "
     "port from "
     "1 to 65535.\n"},
    {GROUP "sentinel known-slave m a/b 1",
     "s.conf:2: sentinel known-slave m a/b 1\nCan't resolve instance hostname. Expected: an IP "
     "address, or a host name of letters, digits, '.', '-' and '_'.\n"},
};

static void test_conf_errors__of_the_redis_syntax(void **state)
{
    (void)state;
    check(redis_rows, COUNT(redis_rows), "s.conf");
}

static const struct row ini_rows[] = {
    {"[master m]\nadress = 127.0.0.1:1\n",
     "s.ini:2: adress = 127.0.0.1:1\n" NOT_KNOWN
     " 'adress' is not a known directive; did you mean 'address'?\n"},
    {"[master m]\nport = 1\n", "s.ini:2: port = 1\nthis key belongs in another section. Expected: "
                               "the line below [sentinel].\n"},
    {"[sentinel]\ndown-after-milliseconds = 1\n",
     "s.ini:2: down-after-milliseconds = 1\nthis key belongs in another section. Expected: the "
     "line below [master NAME].\n"},
    {"[sentinel]\nport 1\n",
     "s.ini:2: port 1\nnot a \"key = value\" line. Expected: [section], or key = value.\n"},
    {"[sentinel]\nport 1\nport = x\n",
     "s.ini:2: port 1\nnot a \"key = value\" line. Expected: [section], or key = value.\n"},
    {"[sentinel\n",
     "s.ini:1: [sentinel\nthe section name has no closing ]. Expected: [section], or key "
     "= value.\n"},
    {"[sentinel] x = 1\n", "s.ini:1: [sentinel] x = 1\ntext follows the section name. "
                           "Expected: [section], or key = value.\n"},
    {"[slave x]\n", "s.ini:1: [slave x]\nunknown section. Expected: [sentinel] or [master "
                    "NAME].\n"},
    {"[master]\n", "s.ini:1: [master]\nunknown section. Expected: [sentinel] or [master "
                   "NAME].\n"},
    {"; x\n\n[sentinel]\n  prot = 1\n",
     "s.ini:4: prot = 1\nBad directive or wrong number of arguments. 'prot' is not a known "
     "directive; did you mean 'port'?\n"},
    {"[sentinel]\nanounce-ip = 1\n", "s.ini:2: anounce-ip = 1\nBad directive or wrong number "
                                     "of arguments. 'anounce-ip' is not a "
                                     "known directive; did you mean 'announce-ip'?\n"},
    {"[sentinel]\nport = a\n", "s.ini:2: port = a\nargument couldn't be parsed into an integer. "
                               "Expected: a number from 0 to 65535.\n"},
    {"[sentinel]\nport =\n",
     "s.ini:2: port =\nwrong number of arguments. Expected: 1 value after port.\n"},
    {"[sentinel]\nmyid = 1\n",
     "s.ini:2: myid = 1\nthis value is learned at run time and kept in the state file\n"},
    {"[sentinel]\nrequirepass = a b ; c\n", "s.ini:2: requirepass = a b ; c\nwrong number of "
                                            "arguments. Expected: 1 value after requirepass.\n"},
    {"[sentinel]\nrequirepass = \"a ;b\"\n",
     "s.ini:2: requirepass = \"a ;b\"\nUnbalanced quotes in configuration line. Expected: a "
     "quote at "
     "the end of the word that one begins.\n"},
    {"[sentinel]\nrequirepass = \"a\\nb\"\n", "s.ini:2: requirepass = \"a\\nb\"\n" CONTROL},
    {"[master m]\n", "s.ini:1: [master m]\nthe group has no address. Expected: a line \"address = "
                     "host:port\" in this section.\n"},
    {"[master m]\naddress = 1.2.3.4:1\n[sentinel]\nport = 1\n",
     "s.ini:1: [master m]\nthe group has no quorum. Expected: a line \"quorum = N\" in this "
     "section.\n"},
    {"[master m]\naddress = 1.2.3.4\n",
     "s.ini:2: address = 1.2.3.4\nmalformed address. Expected: host:port, an IPv6 address in "
     "brackets: [::1]:6379.\n"},
    {"[master m]\naddress = ::1:6379\n",
     "s.ini:2: address = ::1:6379\nmalformed address. Expected: host:port, an IPv6 address in "
     "brackets: [::1]:6379.\n"},
    {"[master m]\nquorum = 1\naddress = 1.2.3.4:99999\n",
     "s.ini:3: address = 1.2.3.4:99999\nInvalid port number. Expected: a port from 1 to "
     "65535.\n"},
    {"[master m]\nquorum = 0\n", "s.ini:2: quorum = 0\nQuorum must be 1 or greater. Expected: a "
                                 "number, at least 1.\n"},
    {"[master m]\nmonitor = x\n", "s.ini:2: monitor = x\nan INI file has two keys for this. "
                                  "Expected: address = host:port, and quorum = "
                                  "N.\n"},
    {"[master m]\nknown-slave = x 1\n",
     "s.ini:2: known-slave = x 1\nthis value is learned at run time and kept in the state file\n"},
    {"[master m]\nrename-command = CONFIG\n",
     "s.ini:2: rename-command = CONFIG\n" NOT_KNOWN
     " Expected: a group's name and 2 values after rename-command.\n"},
    {"[master m]\naddress = 1.2.3.4:1\nquorum = 1\ndown-after-milliseconds = 0\n",
     "s.ini:4: down-after-milliseconds = 0\nnegative or zero time parameter. Expected: a "
     "number of "
     "milliseconds, at least 1.\n"},
    {"[master m]\naddress = 1.2.3.4:1\nquorum = 1\n[master m]\naddress = 1.2.3.4:1\nquorum = "
     "1\n",
     "s.ini:5: address = 1.2.3.4:1\nDuplicate master name. Expected: one monitor line per "
     "group.\n"},
};

static void test_conf_errors__of_the_ini_syntax(void **state)
{
    (void)state;
    check(ini_rows, COUNT(ini_rows), "s.ini");
}

static void test_conf_errors__of_the_command_line(void **state)
{
    static const struct {
        const char *words[6];
        const char *error;
    } rows[] = {
        {{"--port", "x"},
         "command line: --port x\nargument couldn't be parsed into an integer. Expected: a number "
         "from 0 "
         "to 65535.\n"},
        {{"prot", "1"},
         "command line: prot 1\nBad directive or wrong number of arguments. Unknown option "
         "'--prot'; "
         "did you mean '--port'?\n"},
        {{"--port=26400"},
         "command line: --port=26400\nBad directive or wrong number of arguments. Unknown option "
         "'--port=26400'; write '--port 26400', with a blank\n"},
        {{"--check"},
         "command line: --check\nBad directive or wrong number of arguments. Unknown option "
         "'--check'; did you mean '--check-config'?\n"},
        {{"--requirepass", "x", "--wholly-unknown", "--port"},
         "command line: --wholly-unknown --port\nBad directive or wrong number of arguments. "
         "Unknown "
         "option '--wholly-unknown'\n"},
        {{"--port 1 \"x"},
         "command line: --port 1 \"x\nUnbalanced quotes in configuration line. Expected: a quote "
         "at "
         "the end of the word that one begins.\n"},
        {{"--"}, "command line: --\nnot a directive. Expected: --directive value….\n"},
        {{"--port", "1", "--prot", "2"},
         "command line: --prot 2\nBad directive or wrong number of arguments. Unknown option "
         "'--prot'; "
         "did you mean '--port'?\n"},
        {{"--sentinel", "monitor", "m", "127.0.0.1"},
         "command line: --sentinel monitor m 127.0.0.1\n" NOT_KNOWN
         " Expected: a group's name and 3 values after monitor.\n"},
        {{"--requirepass", "a\nb"}, "command line: --requirepass a\\nb\n" CONTROL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct sn_conf conf;
        struct sn_buf error;
        char *argv[6];
        int argc = 0;
        while (argc < 6 && rows[i].words[argc] != NULL) {
            argv[argc] = (char *)(uintptr_t)rows[i].words[argc];
            argc++;
        }
        sn_buf_init(&error, SIZE_MAX);
        assert_int_equal(sn_conf_parse("s.conf", "", 0, argc, argv, true, &conf, &error),
                         SN_EINVAL);
        assert_string_equal(sn_buf_text(&error), rows[i].error);
        sn_buf_fini(&error);
    }
}

static void test_conf_errors__nul_bytes_and_overlong_lines(void **state)
{
    struct sn_conf conf;
    struct sn_buf error;
    static char text[100000];

    (void)state;
    sn_buf_init(&error, SIZE_MAX);
    assert_int_equal(
        sn_conf_parse("s.conf", "port 1\nport\0 2\n", 15, 0, NULL, true, &conf, &error), SN_EINVAL);
    assert_string_equal(sn_buf_text(&error),
                        "s.conf:2: port\ncontrol characters are not allowed in a line\n");
    sn_buf_clear(&error);
    assert_int_equal(
        sn_conf_parse("s.ini", "[sentinel]\nport\0=2\n", 19, 0, NULL, true, &conf, &error),
        SN_EINVAL);
    assert_memory_equal(sn_buf_text(&error), "s.ini:2: port\n", 14);

    memset(text, 'x', sizeof(text) - 1);
    memcpy(text, "[sentinel]\nrequirepass = ", 25);
    sn_buf_clear(&error);
    assert_int_equal(sn_conf_parse("s.ini", text, sizeof(text) - 1, 0, NULL, true, &conf, &error),
                     SN_EINVAL);
    assert_non_null(strstr(sn_buf_text(&error), "the line is too long for the INI library"));
    assert_memory_equal(sn_buf_text(&error), "s.ini:2: ", 9);
    sn_buf_fini(&error);
}

static void test_conf_errors__a_missing_file(void **state)
{
    struct sn_conf conf;
    struct sn_buf error;

    (void)state;
    sn_buf_init(&error, SIZE_MAX);
    assert_int_equal(sn_conf_load("/nowhere/s.conf", 0, NULL, &conf, &error), SN_ENOENT);
    assert_string_equal(sn_buf_text(&error),
                        "Fatal error, can't open config file '/nowhere/s.conf': "
                        "No such file or directory\n");
    sn_buf_fini(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conf_errors__of_the_redis_syntax),
        cmocka_unit_test(test_conf_errors__of_the_ini_syntax),
        cmocka_unit_test(test_conf_errors__of_the_command_line),
        cmocka_unit_test(test_conf_errors__nul_bytes_and_overlong_lines),
        cmocka_unit_test(test_conf_errors__a_missing_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
