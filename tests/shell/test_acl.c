/* SPDX-License-Identifier: BSD-3-Clause */
/* Users and rights (PROTOCOL.md §3.4, §5.3, §5.4). */

#include "server_rig.h"

#include "acl/acl.h"
#include "base/error.h"
#include "shell/server/renames.h"

static struct rig rig;

#define WRONGPASS "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
#define NOAUTH    "-NOAUTH Authentication required.\r\n"

static int prepare(void **state)
{
    (void)state;
    rig_init(&rig);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    rig_stop(&rig);
    return 0;
}

/* Adds the words behind "user" of such a line to the settings. */
static void add_user_line(const char *line)
{
    struct sn_settings *settings = &rig.settings;
    char *copy = strdup(line), *rest = NULL;

    settings->users =
        realloc(settings->users, (settings->user_count + 1) * sizeof(*settings->users));
    struct sn_setting_words *words = &settings->users[settings->user_count++];
    memset(words, 0, sizeof(*words));
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
        words->items = realloc(words->items, (words->count + 1) * sizeof(char *));
        words->items[words->count++] = strdup(word);
    }
    free(copy);
}

static void test_acl__requirepass_closes_everything_but_login(void **state)
{
    (void)state;
    rig.settings.requirepass = strdup("secret");
    rig_start(&rig);
    int fd = rig_dial(&rig);
    /* what does not exist is told before who one is */
    rig_talk(&rig, fd, "NOSUCH\r\n",
             "-ERR unknown command 'NOSUCH', with args beginning with: \r\n");
    rig_talk(&rig, fd, "SENTINEL MASTER\r\n",
             "-ERR wrong number of arguments for 'sentinel|master' command\r\n");
    rig_talk(&rig, fd, "PING\r\n", NOAUTH);
    rig_talk(&rig, fd, "SENTINEL MASTERS\r\n", NOAUTH);
    rig_talk(&rig, fd, "HELLO 3\r\n",
             "-NOAUTH HELLO must be called with the client already authenticated, otherwise the "
             "HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and "
             "select the RESP protocol version at the same time\r\n");
    rig_talk(&rig, fd, "AUTH wrong\r\n", WRONGPASS);
    rig_talk(&rig, fd, "AUTH nosuch secret\r\n", WRONGPASS);
    rig_talk(&rig, fd, "AUTH secretx\r\nAUTH secre\r\nAUTH \"\"\r\n",
             WRONGPASS WRONGPASS WRONGPASS);
    rig_talk(&rig, fd, "AUTH secret\r\nPING\r\n", "+OK\r\n+PONG\r\n");
    close(fd);
    fd = rig_dial(&rig);
    char text[512];
    rig_send(&rig, fd, "HELLO 3 AUTH default secret\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_int_equal(text[0], '%');
    rig_talk(&rig, fd, "RESET\r\nPING\r\n", "+RESET\r\n" NOAUTH);
    close(fd);
}

/* A word with a NUL byte is another word, wherever it is compared. */
static void test_acl__names_do_not_end_at_a_nul(void **state)
{
    (void)state;
    rig.settings.requirepass = strdup("secret");
    add_user_line("sub on >pw resetchannels &allowed &pre* +subscribe +psubscribe +ping");
    rig_start(&rig);
    int fd = rig_dial(&rig);
    rig_talk(&rig, fd, "AUTH \"default\\x00\" secret\r\n", WRONGPASS);
    rig_talk(&rig, fd, "AUTH \"default\\x00x\" secret\r\n", WRONGPASS);
    rig_talk(&rig, fd, "HELLO 2 AUTH \"default\\x00\" secret\r\n", WRONGPASS);
    rig_talk(&rig, fd, "AUTH default \"secret\\x00\"\r\n", WRONGPASS);
    rig_talk(&rig, fd, "AUTH sub pw\r\n", "+OK\r\n");
    rig_talk(&rig, fd, "SUBSCRIBE \"allowed\\x00x\"\r\n",
             "-NOPERM No permissions to access a channel\r\n");
    rig_talk(&rig, fd, "PSUBSCRIBE \"allowed\\x00x\"\r\n",
             "-NOPERM No permissions to access a channel\r\n");
    rig_talk(&rig, fd, "SUBSCRIBE \"pre\\x00x\"\r\n", "*3\r\n$9\r\nsubscribe\r\n$5\r\npre");
    close(fd);

    fd = rig_dial(&rig);
    rig_talk(&rig, fd, "AUTH secret\r\n", "+OK\r\n");
    rig_talk(&rig, fd, "ACL GETUSER \"sub\\x00\"\r\n", "$-1\r\n");
    rig_talk(&rig, fd, "ACL DELUSER \"sub\\x00\"\r\n", ":0\r\n");
    rig_talk(&rig, fd, "ACL DRYRUN \"sub\\x00\" ping\r\n", "-ERR User 'sub' not found\r\n");
    rig_talk(&rig, fd, "ACL DRYRUN sub \"ping\\x00\"\r\n", "-ERR Command 'ping' not found\r\n");
    rig_talk(&rig, fd, "ACL CAT \"admin\\x00\"\r\n", "-ERR Unknown category 'admin'\r\n");
    rig_talk(&rig, fd, "ACL SETUSER sub \"+info\\x00\"\r\n",
             "-ERR Error in ACL SETUSER modifier '+info': Syntax error\r\n");
    rig_talk(&rig, fd, "ACL SETUSER sub resetpass \">a\\x00b\"\r\n", "+OK\r\n");
    rig_talk(&rig, fd, "AUTH sub a\r\n", WRONGPASS);
    rig_talk(&rig, fd, "AUTH sub \"a\\x00b\"\r\n", "+OK\r\n");
    rig_talk(&rig, fd, "AUTH secret\r\n", "+OK\r\n");
    rig_talk(&rig, fd, "ACL SETUSER sub \"<a\\x00b\"\r\n", "+OK\r\n");
    rig_talk(&rig, fd, "AUTH sub \"a\\x00b\"\r\n", WRONGPASS);
    rig_talk(&rig, fd, "COMMAND INFO \"ping\\x00\"\r\n", "*1\r\n$-1\r\n");
    rig_talk(&rig, fd, "COMMAND DOCS \"ping\\x00\"\r\n", "*0\r\n");
    rig_talk(&rig, fd, "COMMAND GETKEYS \"ping\\x00\" x\r\n", "-ERR Invalid command specified\r\n");
    rig_talk(&rig, fd, "COMMAND LIST FILTERBY ACLCAT \"admin\\x00\"\r\n", "*0\r\n");
    rig_talk(&rig, fd, "CLIENT KILL USER \"default\\x00\"\r\n", "-ERR syntax error\r\n");
    rig_talk(&rig, fd, "CLIENT KILL SKIPME \"no\\x00\"\r\n", "-ERR syntax error\r\n");
    rig_talk(&rig, fd, "PUBLISH \"__sentinel__:hello\\x00\" x\r\n",
             "-ERR Only HELLO messages are accepted by Sentinel instances.\r\n");
    close(fd);
}

/* The file would end there, and the users behind it would be lost. */
static void test_acl__file_with_a_nul_is_refused(void **state)
{
    static const char text[] = "user a on +ping\n\0user b on +ping\n";
    char path[] = "/tmp/sn-acl-XXXXXX";
    int file = mkstemp(path);
    struct sn_buf error;

    (void)state;
    assert_int_equal(write(file, text, sizeof(text) - 1), sizeof(text) - 1);
    close(file);
    rig.settings.aclfile = strdup(path);
    rig_build(&rig);
    sn_buf_init(&error, 1024);
    assert_int_equal(sn_server_listen(rig.server, &error), SN_EINVAL);
    assert_non_null(strstr(sn_buf_text(&error), "NUL byte"));
    sn_buf_fini(&error);
    unlink(path);
}

static uv_sem_t gate;

static void block_worker(uv_work_t *work)
{
    (void)work;
    uv_sem_wait(&gate);
}

static void unblocked(uv_work_t *work, int status)
{
    (void)work;
    (void)status;
}

/* However long the file takes: only the client that asked waits. */
static void test_acl__file_is_read_and_written_beside_the_loop(void **state)
{
    enum { WORKERS = 4 };
    static uv_work_t blocks[WORKERS], again[WORKERS]; /* the last may end after the test */
    char path[] = "/tmp/sn-acl-XXXXXX", text[1024] = "";
    int file = mkstemp(path);

    (void)state;
    assert_int_equal(write(file, "user b on nopass +ping\n", 23), 23);
    close(file);
    rig.settings.aclfile = strdup(path);
    rig_start(&rig);
    int fd = rig_dial(&rig), other = rig_dial(&rig), third = rig_dial(&rig);
    uv_sem_init(&gate, 0);
    for (int i = 0; i < WORKERS; i++)
        uv_queue_work(&rig.loop, &blocks[i], block_worker, unblocked);
    rig_talk(&rig, other, "ACL SETUSER c on nopass\r\n", "+OK\r\n");
    rig_send(&rig, fd, "ACL SAVE\r\nACL WHOAMI\r\n");
    rig_expect_silence(&rig, fd);
    rig_send(&rig, third, "ACL LOAD\r\n");
    rig_talk(&rig, other, "ACL SETUSER d on nopass\r\n", "+OK\r\n");
    for (int i = 0; i < WORKERS; i++)
        uv_sem_post(&gate);
    rig_expect(&rig, fd, "+OK\r\n$7\r\ndefault\r\n");
    rig_expect(&rig, third, "+OK\r\n");
    /* the second came after the first, and d after what was saved */
    rig_talk(&rig, other, "ACL USERS\r\n", "*3\r\n$1\r\nb\r\n$1\r\nc\r\n$7\r\ndefault\r\n");

    /* who asked is gone; the end of the server */
    for (int i = 0; i < WORKERS; i++)
        uv_queue_work(&rig.loop, &again[i], block_worker, unblocked);
    rig_send(&rig, fd, "ACL LOAD\r\n");
    rig_send(&rig, third, "ACL SAVE\r\n");
    rig_send(&rig, other, "ACL LOAD\r\n");
    rig_wait(&rig, 20);
    close(fd);
    rig_wait(&rig, 20);
    for (int i = 0; i < WORKERS; i++)
        uv_sem_post(&gate);
    rig_expect(&rig, third, "+OK\r\n");
    rig_expect(&rig, other, "+OK\r\n");
    file = open(path, O_RDONLY);
    assert_true(read(file, text, sizeof(text) - 1) > 0);
    assert_non_null(strstr(text, "user c on"));
    rig_send(&rig, other, "ACL LOAD\r\n");
    rig_turn(&rig);
    close(file), close(other), close(third);
    unlink(path);
}

static void test_acl__the_unauthenticated_may_not_send_much(void **state)
{
    (void)state;
    rig.settings.requirepass = strdup("secret");
    rig_start(&rig);
    int fd = rig_dial(&rig);
    rig_talk(&rig, fd, "*11\r\n", "-ERR Protocol error: unauthenticated multibulk length\r\n");
    rig_expect_end(&rig, fd);
    close(fd);
    fd = rig_dial(&rig);
    rig_talk(&rig, fd, "*2\r\n$4\r\nAUTH\r\n$16385\r\n",
             "-ERR Protocol error: unauthenticated bulk length\r\n");
    rig_expect_end(&rig, fd);
    close(fd);
    fd = rig_dial(&rig);
    rig_talk(&rig, fd, "AUTH secret\r\n*11\r\n", "+OK\r\n");
    rig_expect_silence(&rig, fd);
    close(fd);
}

static void test_acl__user_lines_give_rights(void **state)
{
    (void)state;
    add_user_line("alice on >apw ~* &news* -@all +sentinel|masters +sentinel|master +ping "
                  "+subscribe +psubscribe +publish +client|id");
    add_user_line("bob on nopass +@all -sentinel +sentinel|myid -@dangerous");
    add_user_line("carol off nopass +@all");
    add_user_line("user on >x +ping");
    rig_start(&rig);
    int fd = rig_dial(&rig);
    rig_talk(&rig, fd, "AUTH carol x\r\n", WRONGPASS);
    rig_talk(&rig, fd, "AUTH alice x\r\n", WRONGPASS);
    rig_talk(&rig, fd, "AUTH alice apw\r\nPING\r\n", "+OK\r\n+PONG\r\n");
    rig_talk(&rig, fd, "SENTINEL MASTERS\r\n", "*0\r\n");
    rig_talk(&rig, fd, "SENTINEL PRIMARIES\r\n", "*0\r\n");
    rig_talk(&rig, fd, "SENTINEL REMOVE x\r\n",
             "-NOPERM User alice has no permissions to run the 'sentinel|remove' command\r\n");
    rig_talk(&rig, fd, "INFO\r\n",
             "-NOPERM User alice has no permissions to run the 'info' command\r\n");
    rig_talk(&rig, fd, "SENTINEL nosuch\r\n",
             "-ERR unknown subcommand 'nosuch'. Try SENTINEL HELP.\r\n");
    rig_talk(&rig, fd, "PUBLISH __sentinel__:hello x\r\n",
             "-NOPERM No permissions to access a channel\r\n");
    rig_talk(&rig, fd, "SUBSCRIBE news1 foo\r\n", "-NOPERM No permissions to access a channel\r\n");
    rig_talk(&rig, fd, "PSUBSCRIBE ne*\r\n", "-NOPERM No permissions to access a channel\r\n");
    rig_talk(&rig, fd, "PSUBSCRIBE news*\r\n", "*3\r\n$10\r\npsubscribe\r\n$5\r\nnews*\r\n:1\r\n");
    /* rights come before the subscribe context */
    rig_talk(&rig, fd, "INFO\r\n",
             "-NOPERM User alice has no permissions to run the 'info' command\r\n");
    close(fd);
    fd = rig_dial(&rig);
    rig_talk(&rig, fd, "AUTH user x\r\nPING\r\n", "+OK\r\n+PONG\r\n");
    rig_talk(&rig, fd, "AUTH bob any\r\nPING\r\n", "+OK\r\n+PONG\r\n");
    rig_talk(&rig, fd, "SENTINEL MYID\r\n",
             "-NOPERM User bob has no permissions to run the 'sentinel|myid' command\r\n");
    close(fd);
}

/* acl-pubsub-default is what new users, `reset` and new selectors begin with. */
static void test_acl__channels_may_be_open_by_default(void **state)
{
    (void)state;
    free(rig.settings.acl_pubsub_default);
    rig.settings.acl_pubsub_default = strdup("AllChannels");
    add_user_line("mon on >abc ~* +@all");
    add_user_line("few on >abc resetchannels &news +psubscribe (+publish)");
    rig_start(&rig);
    int fd = rig_dial(&rig);
    rig_talk(&rig, fd, "AUTH few abc\r\nPSUBSCRIBE *\r\n",
             "+OK\r\n-NOPERM No permissions to access a channel\r\n");
    rig_talk(&rig, fd, "AUTH mon abc\r\nACL SETUSER bob on (~a)\r\n", "+OK\r\n+OK\r\n");
    rig_talk(&rig, fd, "ACL LIST\r\n",
             "*4\r\n$51\r\nuser bob on sanitize-payload &* -@all (~a &* -@all)\r\n");
    close(fd);
}

static void test_acl__log_keeps_as_many_entries_as_asked_for(void **state)
{
    static const char *const users[] = {"a", "b", "c"};
    char request[64];

    (void)state;
    rig.settings.acllog_max_len = 2;
    rig_start(&rig);
    int fd = rig_dial(&rig);
    for (size_t i = 0; i < 3; i++) {
        snprintf(request, sizeof(request), "AUTH %s x\r\n", users[i]);
        rig_talk(&rig, fd, request, WRONGPASS);
    }
    rig_talk(&rig, fd, "ACL LOG 10\r\n", "*2\r\n");
    close(fd);
}

static void test_acl__a_bad_user_line_stops_the_start(void **state)
{
    struct sn_buf error;

    (void)state;
    add_user_line("alice on +nosuch");
    rig_build(&rig);
    sn_buf_init(&error, 1024);
    assert_int_equal(sn_server_listen(rig.server, &error), SN_EINVAL);
    assert_non_null(strstr(sn_buf_text(&error), "'+nosuch'"));
    sn_buf_fini(&error);
}

static void test_acl__a_missing_acl_file_stops_the_start(void **state)
{
    struct sn_buf error;

    (void)state;
    rig.settings.aclfile = strdup("/nonexistent/users.acl");
    rig_build(&rig);
    sn_buf_init(&error, 1024);
    assert_int_equal(sn_server_listen(rig.server, &error), SN_EIO);
    assert_non_null(strstr(sn_buf_text(&error), "/nonexistent/users.acl"));
    sn_buf_fini(&error);
}

static void test_acl__an_acl_file_is_read(void **state)
{
    char path[] = "/tmp/sn-acl-XXXXXX";
    static const char text[] =
        "# comment\n\nuser default off\nuser \"dave on >p\" +@all\r\n  user o'x off  \n";
    int file = mkstemp(path);

    (void)state;
    assert_true(file >= 0);
    assert_int_equal(write(file, text, strlen(text)), (ssize_t)strlen(text));
    close(file);
    rig.settings.aclfile = strdup(path);
    rig_start(&rig);
    unlink(path);
    int fd = rig_dial(&rig);
    rig_talk(&rig, fd, "PING\r\n", NOAUTH);
    rig_talk(&rig, fd, "AUTH '\"dave' 'p\"'\r\nPING\r\n", "+OK\r\n+PONG\r\n");
    rig_talk(&rig, fd, "ACL USERS\r\n", "*3\r\n$5\r\n\"dave\r\n$7\r\ndefault\r\n$3\r\no'x\r\n");
    close(fd);
}

static const char *describe(const struct sn_acl *acl, const char *name)
{
    static char line[1024];
    struct sn_buf out;

    sn_buf_init(&out, sizeof(line) - 1);
    sn_acl_describe(sn_acl_find(acl, name), &out);
    snprintf(line, sizeof(line), "%s", sn_buf_text(&out));
    sn_buf_fini(&out);
    return line;
}

/* Applies the blank separated rules to user x; returns the error, "" if none. */
static const char *set(struct sn_acl *acl, const char *rules)
{
    static char text[1024];
    char copy[512], *words[32], *rest = NULL;
    struct sn_buf error;
    size_t count = 0;

    snprintf(copy, sizeof(copy), "%s", rules);
    for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    sn_buf_init(&error, sizeof(text) - 1);
    int rc = sn_acl_set_user(acl, "x", count, words, &error);
    assert_int_equal(rc == 0, error.len == 0);
    snprintf(text, sizeof(text), "%s", sn_buf_text(&error));
    sn_buf_fini(&error);
    return text;
}

static void test_acl__commands_can_be_renamed_and_taken_away(void **state)
{
    struct sn_settings *settings = &rig.settings;
    struct sn_buf error;

    (void)state;
    settings->renames = calloc(2, sizeof(*settings->renames));
    settings->rename_count = 2;
    for (size_t i = 0; i < 2; i++) {
        settings->renames[i].items = calloc(2, sizeof(char *));
        settings->renames[i].count = 2;
        settings->renames[i].items[0] = strdup(i == 0 ? "SHUTDOWN" : "role");
        settings->renames[i].items[1] = strdup(i == 0 ? "halt" : "");
    }
    rig_start(&rig);
    int fd = rig_dial(&rig);
    rig_talk(&rig, fd, "shutdown\r\n",
             "-ERR unknown command 'shutdown', with args beginning with: \r\n");
    rig_talk(&rig, fd, "role\r\n", "-ERR unknown command 'role', with args beginning with: \r\n");
    rig_talk(&rig, fd, "HALT x\r\n", "-ERR syntax error\r\n");
    close(fd);
    free(settings->renames[0].items[1]);
    settings->renames[0].items[1] = strdup("Ping");
    sn_buf_init(&error, 1024);
    assert_int_equal(sn_renames_check(settings, &error), SN_EINVAL);
    sn_buf_clear(&error);
    free(settings->renames[0].items[0]);
    settings->renames[0].items[0] = strdup("GET");
    assert_int_equal(sn_renames_check(settings, &error), SN_EINVAL);
    assert_non_null(strstr(sn_buf_text(&error), "rename-command GET"));
    sn_buf_fini(&error);
}

static void test_acl__rules(void **state)
{
#define A_HASH "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    static const struct {
        const char *rules;
        const char *error; /* behind "Error in ACL SETUSER modifier '…': ", or NULL */
        const char *user;  /* as it is described then, behind "user x " */
    } steps[] = {
        {"off", NULL, "off sanitize-payload resetchannels -@all"},
        {"on nopass", NULL, "on nopass sanitize-payload resetchannels -@all"},
        {">a", NULL, "on sanitize-payload #" A_HASH " resetchannels -@all"},
        {"#" A_HASH, NULL, "on sanitize-payload #" A_HASH " resetchannels -@all"},
        {"<a", NULL, "on sanitize-payload resetchannels -@all"},
        {"<a", "The password you are trying to remove from the user does not exist",
         "on sanitize-payload resetchannels -@all"},
        {"#abc",
         "The password hash must be exactly 64 characters and contain only lowercase hexadecimal "
         "characters",
         "on sanitize-payload resetchannels -@all"},
        {"+@pubsub -subscribe +CLIENT -client|kill", NULL,
         "on sanitize-payload resetchannels -@all +@pubsub -subscribe +client -client|kill"},
        {"-client", NULL, "on sanitize-payload resetchannels -@all +@pubsub -subscribe -client"},
        {"allcommands", NULL, "on sanitize-payload resetchannels +@all"},
        {"&a &b* ~k", NULL, "on sanitize-payload ~k resetchannels &a &b* +@all"},
        {"&* allkeys", NULL, "on sanitize-payload ~* &* +@all"},
        {"&x",
         "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does "
         "not have any effect. Try 'resetchannels' to start with an empty list of channels",
         "on sanitize-payload ~* &* +@all"},
        {"off +nosuch", "Unknown command or category name in ACL",
         "on sanitize-payload ~* &* +@all"},
        {"+sentinel|nosuch", "Unknown command or category name in ACL",
         "on sanitize-payload ~* &* +@all"},
        {"+sentinel|", "Syntax error", "on sanitize-payload ~* &* +@all"},
        {"-@nosuch", "Unknown command or category name in ACL", "on sanitize-payload ~* &* +@all"},
        {"bogus", "Syntax error", "on sanitize-payload ~* &* +@all"},
        {"%Z~a", "Syntax error", "on sanitize-payload ~* &* +@all"},
        {"(+ping)", NULL, "on sanitize-payload ~* &* +@all (resetchannels -@all +ping)"},
        {"( +publish  &a ~b )", NULL,
         "on sanitize-payload ~* &* +@all (resetchannels -@all +ping) (~b resetchannels &a -@all "
         "+publish)"},
        {"(on)", "Syntax error",
         "on sanitize-payload ~* &* +@all (resetchannels -@all +ping) (~b resetchannels &a -@all "
         "+publish)"},
        {"clearselectors", NULL, "on sanitize-payload ~* &* +@all"},
        {"(+@pubsub)", NULL, "on sanitize-payload ~* &* +@all (resetchannels -@all +@pubsub)"},
        {"clearselectors resetkeys %RW~a", NULL, "on sanitize-payload %RW~a &* +@all"},
        {"reset", NULL, "off sanitize-payload resetchannels -@all"},
    };
    struct sn_acl acl;

    (void)state;
    sn_acl_init(&acl);
    assert_string_equal(describe(&acl, "default"),
                        "user default on nopass sanitize-payload ~* &* +@all");
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        print_message("%s\n", steps[i].rules);
        const char *error = set(&acl, steps[i].rules);
        if (steps[i].error)
            assert_string_equal(strstr(error, "': ") + 3, steps[i].error);
        else
            assert_string_equal(error, "");
        assert_string_equal(describe(&acl, "x") + strlen("user x "), steps[i].user);
    }
    /* What could not be read from a line again. */
    assert_non_null(sn_acl_apply(sn_acl_find(&acl, "x"), "&a\x7f"));
    assert_non_null(sn_acl_apply(sn_acl_find(&acl, "x"), "(+ping &a) &b)"));
    assert_null(sn_acl_apply(sn_acl_find(&acl, "x"), "&a)"));
    sn_acl_fini(&acl);
}

static void test_acl__aliases_share_the_rights_of_their_command(void **state)
{
    struct sn_acl acl;
    const char *denied = NULL;
    char *argv[] = {"sentinel", "primary", "m"};
    const size_t lens[] = {8, 7, 1};

    (void)state;
    sn_acl_init(&acl);
    set(&acl, "+@all -sentinel|master");
    const struct sn_spec *alias = sn_specs_find_full("sentinel|primary");
    assert_int_equal(sn_acl_may_run(sn_acl_find(&acl, "x"), alias, 3, argv, lens, &denied),
                     SN_ACL_DENIED_COMMAND);
    set(&acl, "-@all +sentinel|primary");
    assert_int_equal(sn_acl_may_run(sn_acl_find(&acl, "x"), sn_specs_find_full("sentinel|master"),
                                    3, argv, lens, &denied),
                     SN_ACL_ALLOWED);
    sn_acl_fini(&acl);
}

static void test_acl__commands(void **state)
{
    (void)state;
    rig_start(&rig);
    int fd = rig_dial(&rig), other = rig_dial(&rig);
    rig_talk(&rig, fd, "ACL WHOAMI\r\nACL USERS\r\n", "$7\r\ndefault\r\n*1\r\n$7\r\ndefault\r\n");
    rig_talk(&rig, fd, "ACL LIST\r\n",
             "*1\r\n$51\r\nuser default on nopass sanitize-payload ~* &* +@all\r\n");
    rig_talk(&rig, fd, "ACL SETUSER x bogus\r\n",
             "-ERR Error in ACL SETUSER modifier 'bogus': Syntax error\r\n");
    rig_talk(&rig, fd, "ACL SETUSER x on >p +ping\r\nACL GETUSER nosuch\r\n", "+OK\r\n$-1\r\n");
    rig_talk(&rig, fd, "ACL DRYRUN x info\r\nACL DRYRUN x ping\r\nACL DRYRUN y ping\r\n",
             "$51\r\nUser x has no permissions to run the 'info' command\r\n+OK\r\n"
             "-ERR User 'y' not found\r\n");
    rig_talk(&rig, other, "AUTH x p\r\nPING\r\nROLE\r\n",
             "+OK\r\n+PONG\r\n-NOPERM User x has no permissions to run the 'role' command\r\n");
    rig_talk(&rig, fd, "ACL DELUSER default\r\n", "-ERR The 'default' user cannot be removed\r\n");
    rig_talk(&rig, fd, "ACL DELUSER x nosuch\r\n", ":1\r\n");
    rig_expect_end(&rig, other);
    char text[1024];
    rig_send(&rig, fd, "ACL LOG\r\n");
    rig_read(&rig, fd, text, sizeof(text));
    assert_non_null(strstr(text, "$6\r\nreason\r\n$7\r\ncommand\r\n"));
    assert_non_null(strstr(text, "$6\r\nobject\r\n$4\r\nrole\r\n$8\r\nusername\r\n$1\r\nx\r\n"));
    rig_talk(&rig, fd, "ACL LOG RESET\r\nACL LOG\r\n", "+OK\r\n*0\r\n");
    rig_talk(&rig, fd, "ACL CAT nosuch\r\n", "-ERR Unknown category 'nosuch'\r\n");
    close(fd);
    close(other);
}

static void test_acl__a_change_is_answered_when_it_is_saved(void **state)
{
    (void)state;
    rig_start(&rig);
    int fd = rig_dial(&rig);
    assert_false(sn_server_users_changed(rig.server));
    rig.hold_saves = true;
    rig_send(&rig, fd, "ACL SETUSER x on >p +@all\r\nAUTH x p\r\n");
    rig_expect_silence(&rig, fd);
    assert_true(sn_server_users_changed(rig.server)); /* when the save begins */
    rig_confirm_save(&rig);
    rig_expect(&rig, fd, "+OK\r\n+OK\r\n");
    rig_talk(&rig, fd, "ACL SETUSER y bogus\r\nACL DELUSER nosuch\r\n",
             "-ERR Error in ACL SETUSER modifier 'bogus': Syntax error\r\n:0\r\n");
    assert_int_equal(rig.unsaved, 0);

    rig.fail_saves = true;
    rig_send(&rig, fd, "ACL SETUSER y on\r\n");
    rig_expect_silence(&rig, fd);
    rig_confirm_save(&rig);
    rig_expect(&rig, fd, "-ERR Failed to save config file. Check server logs.\r\n");
    rig_talk(&rig, fd, "ACL USERS\r\n", "*3\r\n$7\r\ndefault\r\n$1\r\nx\r\n$1\r\ny\r\n");

    /* The answer comes before the end of who has removed himself. */
    rig.fail_saves = false;
    rig_send(&rig, fd, "ACL DELUSER x y nosuch\r\nPING\r\n");
    rig_expect_silence(&rig, fd);
    rig_confirm_save(&rig);
    rig_expect(&rig, fd, ":2\r\n");
    rig_expect_end(&rig, fd);
    close(fd);
}

static void test_acl__an_acl_file_is_not_written_unasked(void **state)
{
    char path[] = "/tmp/sn-acl-XXXXXX";
    int file = mkstemp(path);

    (void)state;
    assert_true(file >= 0);
    close(file);
    rig.settings.aclfile = strdup(path);
    rig_start(&rig);
    int fd = rig_dial(&rig);
    rig.hold_saves = true;
    rig_talk(&rig, fd, "ACL SETUSER x on\r\nACL DELUSER x\r\n", "+OK\r\n:1\r\n");
    assert_int_equal(rig.unsaved, 0);
    assert_false(sn_server_users_changed(rig.server));
    close(fd);
    unlink(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_acl__##name, prepare, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requirepass_closes_everything_but_login),
        TEST(the_unauthenticated_may_not_send_much),
        TEST(user_lines_give_rights),
        TEST(channels_may_be_open_by_default),
        TEST(log_keeps_as_many_entries_as_asked_for),
        TEST(a_bad_user_line_stops_the_start),
        TEST(a_missing_acl_file_stops_the_start),
        TEST(an_acl_file_is_read),
        TEST(commands_can_be_renamed_and_taken_away),
        TEST(names_do_not_end_at_a_nul),
        TEST(file_with_a_nul_is_refused),
        TEST(file_is_read_and_written_beside_the_loop),
        cmocka_unit_test(test_acl__rules),
        cmocka_unit_test(test_acl__aliases_share_the_rights_of_their_command),
        TEST(commands),
        TEST(a_change_is_answered_when_it_is_saved),
        TEST(an_acl_file_is_not_written_unasked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
