// SPDX-License-Identifier: Apache-2.0
#include "tool.hpp"

#include "authority.hpp"

#include <array>

namespace cpid {
namespace {

using cp::cli::Command;
using cp::cli::Example;
using cp::cli::Flag;
using cp::cli::Tool;
using cp::cli::Type;

constexpr Flag kPassphraseFile{.name = "passphrase-file",
                               .type = Type::file,
                               .value = "FILE",
                               .help =
                                   "the passphrase of encrypted key files is FILE's first line; "
                                   "without it the terminal is asked",
                               .setting = "cpid.passphrase_file"};
constexpr Flag kEncrypt{.name = "encrypt",
                        .help =
                            "encrypt new key files, with the passphrase of --passphrase-file or "
                            "one that is asked for at the terminal"};
constexpr Flag kRegistry{.name = "registry",
                         .type = Type::text,
                         .value = "URL",
                         .help = "a registry that answers for the prefix",
                         .repeats = true};
constexpr Flag kNotAfter{.name = "not-after",
                         .type = Type::text,
                         .value = "TIME",
                         .help = "the end of validity, such as 2028-01-01T00:00:00Z"};
constexpr Flag kValidFor{.name = "valid-for",
                         .type = Type::duration,
                         .value = "DURATION",
                         .help = "the end of validity, from now on"};
constexpr Flag kLevel{.name = "level",
                      .type = Type::choice,
                      .value = "LEVEL",
                      .help = "what kind of authority it is",
                      .choices = "national|regional|industry|enterprise|private"};
constexpr Flag kUses{.name = "for",
                     .type = Type::text,
                     .value = "USE[,USE]",
                     .help = "what the key may sign: delegate, record, state, head, token",
                     .repeats = true};
constexpr Flag kWhy{
    .name = "why", .type = Type::text, .value = "TEXT", .help = "the reason, for whoever asks"};

constexpr std::array kInitFlags{
    Flag{.name = "prefix",
         .type = Type::text,
         .value = "PREFIX",
         .help = "allocate below PREFIX; 0 is for private use and needs nobody's leave",
         .fallback = "0"},
    Flag{.name = "parent",
         .type = Type::text,
         .value = "PREFIX",
         .help = "be a child of PREFIX, just above: what is printed is the request to it"},
    Flag{.name = "name",
         .type = Type::text,
         .value = "TEXT",
         .help = "what people call the authority"},
    kLevel,
    kRegistry,
    kNotAfter,
    kValidFor,
    Flag{.name = "key",
         .type = Type::file,
         .value = "FILE",
         .help = "a public key that keygen has printed elsewhere; without any, keys are made here",
         .repeats = true},
    kEncrypt,
    kPassphraseFile,
};

constexpr std::array kKeygenFlags{
    Flag{.name = "for",
         .type = Type::text,
         .value = "USE[,USE]",
         .help = "what the key may sign: delegate, record, state, head, token",
         .fallback = "delegate,record",
         .repeats = true},
    kEncrypt,
    kPassphraseFile,
};

constexpr std::array kDelegateFlags{
    Flag{.name = "name",
         .type = Type::text,
         .value = "TEXT",
         .help = "what people call the child, instead of what it asked for"},
    kLevel,
    Flag{.name = "label",
         .type = Type::text,
         .value = "LABEL",
         .help = "the child's part of aliases (@LABEL/name), unique among the children; it stays "
                 "when the delegation is renewed"},
    Flag{.name = "may-delegate",
         .help = "let the child delegate in turn; that stays when the delegation is renewed"},
    Flag{.name = "max-depth",
         .type = Type::integer,
         .value = "N",
         .help = "let it do so for N levels below itself; 0 takes that back"},
    kRegistry,
    Flag{.name = "not-before",
         .type = Type::text,
         .value = "TIME",
         .help = "the beginning of validity instead of now"},
    kNotAfter,
    kValidFor,
    Flag{.name = "prepare", .help = "print the answer unsigned, for cpid sign on another machine"},
    Flag{.name = "replace",
         .help = "take new keys from a child that has lost all of its old ones, and give a child "
                 "that was revoked its prefix anew"},
    Flag{.name = "renew",
         .help = "sign what every child has (or those whose prefixes stand in the place of FILE) "
                 "anew, with the newest key, and print it behind what stands above; what was "
                 "revoked is left out"},
    kPassphraseFile,
};

constexpr std::array kSignFlags{
    Flag{.name = "key",
         .type = Type::file,
         .value = "FILE",
         .help = "sign with the key in FILE, whatever it is; without it, with the key of the "
                 "authority here that is for such documents"},
    Flag{.name = "add", .help = "keep the signatures that are there"},
    kPassphraseFile,
};

constexpr Flag kMaxHeadAge{.name = "max-head-age",
                           .type = Type::duration,
                           .value = "DURATION",
                           .help =
                               "each authority of the chain must have shown its head within "
                               "DURATION"};

constexpr std::array kVerifyFlags{
    Flag{.name = "only-bad",
         .help = "print the verdict on those that do not hold, and the summary"},
    kMaxHeadAge,
    Flag{.name = "offline", .help = "say how old the newest head of each authority is"},
};

constexpr std::array kTrustFlags{
    Flag{.name = "prefix",
         .type = Type::text,
         .value = "PREFIX",
         .help = "what the key is trusted for, and all below it"},
};

constexpr std::array kTokenFlags{
    Flag{.name = "subject",
         .type = Type::text,
         .value = "NAME",
         .help = "issue: whom the token is for"},
    Flag{.name = "audience",
         .type = Type::text,
         .value = "CODE",
         .help = "issue, check: the server's code, or the prefix of a registry"},
    Flag{.name = "grant",
         .type = Type::text,
         .value = "OP[:LIMIT,…]",
         .help = "issue: what it allows, such as write:path=/scratch,bytes=10TB",
         .repeats = true},
    kNotAfter,
    kValidFor,
    kWhy,
    kPassphraseFile,
};

constexpr std::array kHeadFlags{
    Flag{.name = "valid-for",
         .type = Type::duration,
         .value = "DURATION",
         .help = "how long it holds, 7 days at most",
         .fallback = "7d"},
    kPassphraseFile,
};

constexpr std::array kRevokeFlags{
    Flag{.name = "why",
         .type = Type::text,
         .value = "TEXT",
         .help = "the reason, for whoever asks",
         .fallback = "compromised"},
    Flag{.name = "force",
         .help = "revoke even the key that a root stands on, and with it all that is below, for "
                 "good"},
    kPassphraseFile,
};

constexpr std::array kRekeyFlags{
    kUses,
    Flag{.name = "overlap",
         .type = Type::duration,
         .value = "DURATION",
         .help = "how long the old keys still hold; 0 for not at all",
         .fallback = "30d"},
    kEncrypt,
    kPassphraseFile,
};

constexpr std::array kRenewFlags{
    Flag{.name = "name",
         .type = Type::text,
         .value = "TEXT",
         .help = "what people call the authority from now on"},
    kLevel,
    Flag{.name = "registry",
         .type = Type::text,
         .value = "URL",
         .help = "a registry that answers for the prefix, in the place of those before",
         .repeats = true},
    kNotAfter,
    kValidFor,
    Flag{.name = "prepare", .help = "print it unsigned, for cpid sign on another machine"},
    kPassphraseFile,
};

constexpr Flag kRegistryUrls{.name = "registry",
                             .type = Type::text,
                             .value = "URL",
                             .help = "a registry to ask",
                             .setting = "registry.urls",
                             .repeats = true};
constexpr Flag kCa{.name = "ca",
                   .type = Type::file,
                   .value = "FILE",
                   .help = "certificates that vouch for registries, instead of the system's",
                   .setting = "registry.ca"};
constexpr Flag kAllowNet{.name = "allow-net",
                         .type = Type::text,
                         .value = "NETWORK",
                         .help = "let referrals lead there, too, besides public addresses",
                         .setting = "registry.allow_net",
                         .repeats = true};
constexpr Flag kReadToken{.name = "token",
                          .type = Type::file,
                          .value = "FILE",
                          .help = "a token to read, which the one registry that is named wants",
                          .setting = "registry.token"};
constexpr Flag kHopTimeout{.name = "timeout",
                           .type = Type::duration,
                           .value = "DURATION",
                           .help = "wait that long for each answer of a registry",
                           .fallback = "5s"};

constexpr std::array kResolveFlags{
    kRegistryUrls,
    kCa,
    kReadToken,
    kAllowNet,
    kHopTimeout,
    kMaxHeadAge,
    Flag{.name = "offline", .help = "ask nobody; say how old the answer is, and each head"},
};

constexpr Flag kSsh{.name = "ssh",
                    .type = Type::text,
                    .value = "COMMAND",
                    .help = "how ssh is called: the program and options, between blanks",
                    .fallback = "ssh",
                    .setting = "ssh.command"};

constexpr std::array kPublishFlags{
    Flag{.name = "every",
         .type = Type::duration,
         .value = "DURATION",
         .help = "look and publish so often",
         .fallback = "30s"},
    Flag{.name = "count",
         .letter = 'c',
         .type = Type::integer,
         .value = "N",
         .help = "end after N times"},
    Flag{.name = "token",
         .type = Type::file,
         .value = "FILE",
         .help = "a token for state, which the registries want"},
    kSsh,
    kRegistryUrls,
    kCa,
    kAllowNet,
    kHopTimeout,
    kPassphraseFile,
};
constexpr Flag kChildLimits{.name = "child-limit",
                            .type = Type::text,
                            .value = "[PREFIX:]NAME=VALUE,...",
                            .help =
                                "take no more of a child (of PREFIX) than records, bytes, rate and "
                                "registries say",
                            .fallback = "records=2000000,bytes=8GB,rate=5000000/d,registries=1000",
                            .setting = "cpid.child_limits",
                            .repeats = true};
constexpr std::array kSyncFlags{
    Flag{.name = "depth",
         .type = Type::integer,
         .value = "N",
         .help =
             "follow the registries of N levels below those it begins with, too; without it all "
             "levels, or none below those of URL"},
    kRegistryUrls,
    kCa,
    kReadToken,
    kAllowNet,
    kHopTimeout,
    kChildLimits,
};

constexpr std::array kEndFlags{kWhy, kPassphraseFile};
constexpr std::array kAliasFlags{
    Flag{.name = "remove", .help = "take the alias away"},
    kPassphraseFile,
};
constexpr std::array kRegisterFlags{kPassphraseFile};

constexpr std::array kMintFlags{
    Flag{.name = "count",
         .letter = 'c',
         .type = Type::integer,
         .value = "N",
         .help = "allocate N identifiers, up to 100,000,000",
         .fallback = "1"},
    Flag{.name = "length",
         .type = Type::integer,
         .value = "N",
         .help = "characters of a serial, 4 to 32",
         .fallback = "8",
         .setting = "cpid.length"},
    Flag{.name = "sequential",
         .help = "count serials up instead of drawing them; anyone can guess the next one"},
};

constexpr std::array kCheckFlags{
    Flag{.name = "all", .letter = 'a', .help = "print the verdict on each, not on bad ones alone"},
    Flag{.name = "suggest",
         .help = "add the identifiers that one error could have made into a bad one; those that "
                 "were allocated here come first"},
    Flag{.name = "ledger",
         .help = "check this machine's ledger instead: its hash chain, identifiers and records"},
};

constexpr std::array kDescribeFlags{
    Flag{.name = "from",
         .type = Type::text,
         .value = "PROVIDER",
         .help = "describe what PROVIDER has: local, slurm, slurm+ssh://[USER@]HOST, or a file",
         .fallback = "local"},
    Flag{.name = "only",
         .type = Type::text,
         .value = "NAME",
         .help = "of several resources, those that are called so, or their partition"},
    Flag{.name = "with",
         .type = Type::file,
         .value = "FILE.toml",
         .help = "add what a machine cannot know: name, alias, place, prices, policy, workdir"},
    Flag{.name = "id",
         .type = Type::text,
         .value = "NAME",
         .help = "the code or alias of the resource that is described",
         .complete = "alias"},
    Flag{.name = "workdir",
         .type = Type::directory,
         .value = "DIR",
         .help = "where jobs run; its file system is this machine's disk"},
    kSsh,
    Flag{.name = "timeout",
         .type = Type::duration,
         .value = "DURATION",
         .help = "wait that long for the provider",
         .fallback = "30s"},
};

constexpr std::array kListFlags{
    Flag{.name = "codes", .help = "list every allocated identifier, with a record or without"},
    cp::cli::flags::limit,
};

constexpr std::array kServeFlags{
    Flag{.name = "listen",
         .type = Type::text,
         .value = "ADDRESS[:PORT]",
         .help = "serve there; port 0 takes a free one",
         .fallback = "127.0.0.1:7030",
         .setting = "cpid.listen"},
    Flag{.name = "tls-cert",
         .type = Type::file,
         .value = "FILE",
         .help = "the server's certificate and those above it, PEM",
         .setting = "cpid.tls_cert"},
    Flag{.name = "tls-key",
         .type = Type::file,
         .value = "FILE",
         .help = "the certificate's private key, PEM; a file that is closed to others",
         .setting = "cpid.tls_key"},
    Flag{.name = "anonymous",
         .help = "serve in clear text, on a loopback address only: to anybody on this machine"},
    Flag{.name = "private",
         .help = "answer only who brings a token with the grant read",
         .setting = "cpid.private"},
    Flag{.name = "ttl",
         .type = Type::duration,
         .value = "DURATION",
         .help = "how long readers may keep a record before they ask again",
         .fallback = "5m",
         .setting = "cpid.ttl"},
    Flag{.name = "connections",
         .type = Type::integer,
         .value = "N",
         .help = "serve N connections at once at most",
         .fallback = "4096",
         .setting = "cpid.connections"},
    Flag{.name = "connections-per-address",
         .type = Type::integer,
         .value = "N",
         .help = "and N of one address",
         .fallback = "256",
         .setting = "cpid.connections_per_address"},
    Flag{.name = "access-log",
         .type = Type::file,
         .value = "FILE",
         .help = "append a cp.access to FILE for each request; - is standard output",
         .setting = "cpid.access_log"},
    kChildLimits,
    Flag{.name = "token-rate",
         .type = Type::text,
         .value = "N/UNIT",
         .help = "take N documents per s, min, h or d with one token",
         .fallback = "6000/min",
         .setting = "cpid.token_rate"},
    Flag{.name = "jobs",
         .letter = 'j',
         .type = Type::integer,
         .value = "N",
         .help = "serve with N threads",
         .fallback = "2",
         .setting = "cpid.serve_jobs"},
    kPassphraseFile,
};

constexpr std::array kInitExamples{
    Example{"cpid init", "Makes this machine's private authority."},
};
constexpr std::array kKeygenExamples{
    Example{"cpid keygen offline.pem --for delegate --encrypt > offline.json",
            "Makes a key that only delegates, encrypted."},
};
constexpr std::array kDelegateExamples{
    Example{"cpid delegate request.json --label shlab --valid-for 365d > answer.json",
            "Gives a child its prefix for a year."},
    Example{"cpid delegate --prepare request.json > unsigned.json",
            "Leaves the signature to a machine without a network."},
};
constexpr std::array kAcceptExamples{
    Example{"cpid trust add --prefix 86 root.json && cpid accept answer.json",
            "Takes a prefix from a parent whose root is trusted."},
};
constexpr std::array kSignExamples{
    Example{"cpid sign --key offline.pem unsigned.json > answer.json",
            "Signs what was prepared elsewhere."},
};
constexpr std::array kVerifyExamples{
    Example{"cpid verify bundle.json", "Says whether all of it holds, and as of when."},
    Example{"cpid verify --only-bad --max-head-age 1d < records.json",
            "Finds bad ones, and refuses authorities that fell silent."},
};
constexpr std::array kTrustExamples{
    Example{"cpid trust add --prefix 86 root.json", "Trusts the key of a root's delegation."},
    Example{"cpid trust list", "Shows which keys vouch for what."},
};
constexpr std::array kTokenExamples{
    Example{"cpid token issue me.token --subject u1042 --audience cp:86.3101.42/7F3K9Q2M-JB "
            "--grant read --grant write:path=/scratch/u1042,bytes=10TB",
            "Writes a token for a day to me.token, which nobody else may read."},
    Example{"cpid token revoke 01JDABCDEFGHJKMNPQRSTVWXYZ > head.json",
            "Voids one at once here, elsewhere with the head."},
};
constexpr std::array kBundleExamples{
    Example{"cpid bundle @lab/a > bundle.json", "Packs a record with all that proves it."},
};
constexpr std::array kHeadExamples{
    Example{"cpid head --valid-for 1d > head.json", "Says what is void, for a day."},
};
constexpr std::array kRevokeExamples{
    Example{"cpid revoke 86.3101 --why 'left the federation' > head.json",
            "Voids what a child was given."},
};
constexpr std::array kRekeyExamples{
    Example{"cpid rekey --for record --overlap 30d", "Changes the key that signs records."},
};
constexpr std::array kRenewExamples{
    Example{"cpid renew --valid-for 3650d --registry https://registry.example:7030/",
            "Prolongs a root, and says where its registry is now."},
};
constexpr std::array kTombstoneExamples{
    Example{"cpid tombstone @lab/a --why 'switched off'", "Ends a resource for good."},
};
constexpr std::array kMoveExamples{
    Example{"cpid move cp:86.3101.42/7F3K9Q2M-JB cp:86.1101.7/AAAA22-30 > half.json",
            "Begins to hand a resource over."},
};
constexpr std::array kMergeExamples{
    Example{"cpid merge @lab/old cp:86.1101.7/AAAA22-30", "Makes one resource of two."},
};
constexpr std::array kAliasExamples{
    Example{"cpid alias @lab/a @lab/b", "Gives a resource a second name."},
};
constexpr std::array kMintExamples{
    Example{"ID=$(cpid mint --plain)", "Takes one identifier into a variable."},
    Example{"cpid mint --count 1000000 --plain > codes", "Allocates a million."},
};
constexpr std::array kCheckExamples{
    Example{"cpid check cp:86.3101.42/7F3K9Q2M-JB", "Says whether it is mistyped, offline."},
    Example{"cpid check --suggest cp:86.3101.42/7F3K9QM2-JB", "Shows what was meant."},
    Example{"cpid check < codes", "Checks lines, one identifier each, and counts."},
    Example{"cpfind --json | jq -c 'select(.resource) | {id:.resource}' | cpid check --all",
            "Checks objects."},
};
constexpr std::array kParseExamples{
    Example{"cpid parse CP:86.3101.42/7f3k9q2m-jb | jq -r .prefix", "Takes a code apart."},
};
constexpr std::array kDescribeExamples{
    Example{"cpid describe --from local | jq .node", "Shows what this machine has."},
    Example{"cpid describe --from local --with site.toml | cpid register",
            "Registers this machine with its prices."},
    Example{"cpid describe --from slurm+ssh://login.example --with site.toml | cpid register",
            "Registers the partitions of a cluster."},
};
constexpr std::array kLintExamples{
    Example{"cpid describe --with site.toml | cpid lint",
            "Shows what is missing before it is signed."},
};
constexpr std::array kRegisterExamples{
    Example{"cpid resolve @lab/a | jq '.name=\"new\"' | cpid register", "Changes a record."},
};
constexpr std::array kResolveExamples{
    Example{"cpid resolve @lab/a", "Prints the record that an alias names."},
    Example{"cpid resolve --registry https://registry.example:7030/ cp:86.3101.42/7F3K9Q2M-JB",
            "Asks a registry, and those that it refers to."},
};
constexpr std::array kPublishExamples{
    Example{"cpid publish @lab/node7 --every 30s --registry https://registry.sh.example:7030/ "
            "--token state.token",
            "Keeps the state of this machine fresh there."},
};
constexpr std::array kSyncExamples{
    Example{"cpid sync https://registry.sh.example:7030/",
            "Fetches what is new there, and says whether all of it holds."},
};
constexpr std::array kListExamples{
    Example{"cpid list", "Shows every resource that is registered here."},
    Example{"cpid list --codes --plain | cpid check", "Checks every code that was given out."},
};

constexpr std::array kServeExamples{
    Example{"cpid serve --tls-cert /etc/cptools/registry.pem --tls-key /etc/cptools/registry.key "
            "--listen 0.0.0.0",
            "Serves the registry of this machine to everybody."},
    Example{"cpid serve --anonymous --listen 127.0.0.1:0",
            "Serves it to this machine, at a free port that the first line of output names."},
};

constexpr std::array kCommands{
    Command{
        .name = "init",
        .summary = "make this machine's authority",
        .description =
            "Makes keys, the ledger of what it will allocate and sign, and prints the authority's "
            "own cp.delegation, signed by itself. A root's key is pinned as the trust anchor of "
            "PREFIX on this machine. A child (--parent) has to be given its prefix first: what is "
            "printed is its request, cpid delegate of the parent answers, cpid accept takes the "
            "answer.\n\n"
            "Prefix 0 gets one key for all; others one that delegates and signs records, and one "
            "for live services. Keys may be made elsewhere (keygen, --key): then cpid sign signs "
            "there what is printed here, and accept takes that.\n\n"
            "All is kept in the state directory: identity.db, and the keys (mode 0600) in keys/. "
            "Whoever has a key can sign as this authority. A second init is refused (73).",
        .flags = kInitFlags,
        .examples = kInitExamples,
        .run = init},
    Command{.name = "mint",
            .summary = "allocate identifiers",
            .description =
                "Allocates identifiers and prints them as cp.identifier. What "
                "is printed is in the ledger, durably, and is never given out again: not after a "
                "crash, not by two processes at once.",
            .flags = kMintFlags,
            .examples = kMintExamples,
            .run = mint},
    Command{.name = "check",
            .summary = "find mistyped identifiers, offline",
            .description =
                "Checks the identifiers that are given, or those on standard input: lines with one "
                "each, or JSON: texts, or objects with an \"id\" (of an offer, its \"resource\"). "
                "Prints a cp.check for each that is none, with the reason, and a closing summary. "
                "Every single wrong character, every swap of neighbours or of characters with one "
                "between, every twin error and every separator moved by one or two places is "
                "found.\n\n"
                "The exit status is 1 when any is bad, and 65 when the input cannot be read: then "
                "there is no summary.",
            .flags = kCheckFlags,
            .operand = {.name = "ID", .help = "an identifier", .most = -1},
            .examples = kCheckExamples,
            .run = check},
    Command{.name = "parse",
            .summary = "take identifiers apart",
            .description =
                "Prints a cp.identifier for each ID, or each line of standard input: its canonical "
                "form, prefix, serial and check characters, and the path when one follows "
                "(cp:PREFIX/SERIAL-CC/PATH). Any case is taken, I and L count as 1, O as 0.",
            .operand = {.name = "ID", .help = "an identifier", .most = -1},
            .examples = kParseExamples,
            .run = parse},
    Command{
        .name = "describe",
        .summary = "describe a resource as a cp.resource",
        .description =
            "Prints what PROVIDER has as cp.resource records without signature: processors, "
            "memory, disk, accelerators, network ports, limits. What is not known is absent. "
            "Performance figures are nominal and say how they were computed.\n\n"
            "Of a Slurm cluster each partition is a resource, and each kind of node in it "
            "where there are several; the launch access says in native which. Slurm's own "
            "commands are asked, on this machine or through ssh on HOST, where nothing of "
            "this suite is needed. A file (a name with a dot or a slash, or -) holds descriptions "
            "as JSON: cp.resource records, whose signatures are taken off, or a cp.node.\n\n"
            "FILE.toml holds members of cp.resource, which go over what was found; tables are "
            "merged, the rest replaced; those of a table [partition.NAME] hold for that "
            "partition alone. Money may be written \"14.50 CNY\", one alias without "
            "brackets, and workdir stands for that of each launch access.",
        .flags = kDescribeFlags,
        .examples = kDescribeExamples,
        .run = describe},
    Command{
        .name = "lint",
        .summary = "find what a record lacks, and what cannot be",
        .description =
            "Looks through cp.resource records of FILE or standard input as a reader would: what "
            "is missing that offers are chosen by, placeholders that stand for unknown, wrong "
            "units, totals given for one, prices of nothing. Prints a cp.check for each finding "
            "and a closing summary. The exit status is 1 when there is any.",
        .operand = {.name = "FILE", .help = "cp.resource records", .most = -1, .type = Type::file},
        .examples = kLintExamples,
        .run = lint},
    Command{
        .name = "register",
        .summary = "sign records and keep them in this machine's registry",
        .description =
            "Takes cp.resource records from FILE or standard input, gives those without an id "
            "a new one, and the next sequence number and a year of validity to all, signs them "
            "and prints them as they stand now.\n\n"
            "A record that has a \"seq\" must have been made from the newest version, so that "
            "no change is lost; without one it replaces what is there. An alias names one "
            "resource. A record that is refused changes nothing (65 malformed, 77 refused).",
        .flags = kRegisterFlags,
        .operand = {.name = "FILE", .help = "cp.resource records", .most = -1, .type = Type::file},
        .examples = kRegisterExamples,
        .run = register_records},
    Command{.name = "resolve",
            .summary = "print the verified record that a code or alias names",
            .description =
                "Prints the cp.resource of each NAME, a code or an alias (@label/name), after "
                "verifying its signature, delegation and validity against the pinned anchor. A "
                "record that does not hold is not printed (77); an unknown name is 66.\n\n"
                "What is not of this machine's authority is asked of registries: those that the "
                "delegations name, the longest prefix first, and those of --registry, along "
                "referrals. NAME may also be a foreign code of also_known_as, such as lei:… or "
                "ror:…. Answers are kept for as long as the registry says; when none can be asked, "
                "an older answer does, and its age is said.",
            .flags = kResolveFlags,
            .operand = {.name = "NAME",
                        .help = "a code, an alias or a foreign code",
                        .least = 1,
                        .most = -1,
                        .complete = "alias"},
            .examples = kResolveExamples,
            .run = resolve},
    Command{.name = "alias",
            .summary = "give a resource another name",
            .description =
                "Puts ALIAS among the names of the record that NAME names, or takes it away, signs "
                "it anew and prints it. An alias names one resource, and its "
                "label is the authority's own (77).",
            .flags = kAliasFlags,
            .operand = {.name = "NAME ALIAS",
                        .help = "a code or an alias, and the alias to give",
                        .least = 2,
                        .most = 2,
                        .complete = "alias"},
            .examples = kAliasExamples,
            .run = alias},
    Command{
        .name = "move",
        .summary = "hand a resource over to another code",
        .description =
            "Ends the record that NAME names in favour of CODE and prints it: from then on NAME "
            "resolves to CODE. When CODE is of another prefix, both owners must sign: what is "
            "printed is not entered yet, its owner runs cpid sign --add on it, and cpid move "
            "FILE enters what comes back. Where the other owner's chain is not known here, FILE "
            "has it, too (cpid bundle prints it there). CODE must have a record, and must not "
            "lead back to NAME.",
        .flags = kEndFlags,
        .operand = {.name = "NAME CODE",
                    .help = "a code or an alias, and its successor; or the FILE that both signed",
                    .least = 1,
                    .most = 2,
                    .complete = "alias"},
        .examples = kMoveExamples,
        .run = move},
    Command{.name = "merge",
            .summary = "make one resource of two",
            .description = "As move, for a resource that became a part of another one.",
            .flags = kEndFlags,
            .operand = {.name = "NAME CODE",
                        .help = "a code or an alias, and what it became a part of; or a FILE",
                        .least = 1,
                        .most = 2,
                        .complete = "alias"},
            .examples = kMergeExamples,
            .run = merge_records},
    Command{.name = "tombstone",
            .summary = "end a resource for good",
            .description =
                "Ends the record that NAME names, signs it and prints it. It does not resolve any "
                "more (66), is not listed, and nothing else ever gets its code.",
            .flags = kEndFlags,
            .operand = {.name = "NAME",
                        .help = "a code or an alias",
                        .least = 1,
                        .most = 1,
                        .complete = "alias"},
            .examples = kTombstoneExamples,
            .run = tombstone},
    Command{
        .name = "keygen",
        .summary = "make a key",
        .description =
            "Makes an Ed25519 key, writes it to FILE (PKCS #8, mode 0600, durable), which must "
            "not exist, and prints the public key as a cp.key. An encrypted file uses scrypt and "
            "AES-256.",
        .flags = kKeygenFlags,
        .operand = {.name = "FILE",
                    .help = "where the private key goes",
                    .least = 1,
                    .most = 1,
                    .type = Type::file},
        .examples = kKeygenExamples,
        .run = keygen},
    Command{
        .name = "delegate",
        .summary = "give a child its prefix",
        .description =
            "Takes a child's request (what its init or rekey printed), puts the terms on it that "
            "are given here, signs it with a key that may delegate, enters it in the ledger and "
            "prints it behind the delegations above it. A child is just below this authority's "
            "prefix. It shows by its signature that it has the keys it names; one that comes "
            "again signs with a key it was given.\n\n"
            "Where the key is on another machine: --prepare prints the answer unsigned, cpid "
            "sign --key signs it there, and delegate takes what comes back.",
        .flags = kDelegateFlags,
        .operand = {.name = "FILE", .help = "the request", .most = -1, .type = Type::file},
        .examples = kDelegateExamples,
        .run = delegate},
    Command{
        .name = "accept",
        .summary = "take the prefix that the parent gives",
        .description =
            "Takes the answer to this authority's request, verifies it up to a trust anchor that "
            "is pinned here, and makes it the authority's delegation; from then on it mints and "
            "registers. Anything that does not hold changes nothing (77).",
        .operand = {.name = "FILE", .help = "the answer", .most = -1, .type = Type::file},
        .examples = kAcceptExamples,
        .run = accept},
    Command{
        .name = "rekey",
        .summary = "replace the authority's keys",
        .description =
            "Makes a new key for each one that is for USE (default: for each) and a delegation "
            "that has both until the overlap ends. A root signs it with its old and its new key, "
            "and whoever trusted the old one comes to trust the new one when he verifies it; "
            "delegate --renew then signs for all children. A child's is a request to its "
            "parent, and the old keys go on until accept has the answer.",
        .flags = kRekeyFlags,
        .examples = kRekeyExamples,
        .run = rekey},
    Command{
        .name = "renew",
        .summary = "prolong or change the authority's own delegation",
        .description =
            "Makes the next version of the authority's own delegation, with the same keys and what "
            "is given here changed. A root signs it itself, even when its time is over, and it "
            "takes effect; readers follow it as they follow new keys. A child's is a request to "
            "its parent, who alone gives the level and the end; accept takes the answer.\n\n"
            "Where the root's key is on another machine: --prepare prints it unsigned, cpid sign "
            "--key signs it there, and accept takes what comes back.",
        .flags = kRenewFlags,
        .examples = kRenewExamples,
        .run = renew_authority},
    Command{
        .name = "revoke",
        .summary = "declare a key, a delegation or a record void",
        .description =
            "WHAT is a key's thumbprint (this authority's or a child's), the prefix of a child, or "
            "a code. A key and a delegation are void at once here, and for others when they see "
            "the head that is printed; a key's signatures are void whatever their date, a "
            "child's later delegation is not. A record ends as by tombstone. The key that a root "
            "stands on is replaced (rekey) before it is revoked. A thumbprint that begins with - "
            "stands after --.",
        .flags = kRevokeFlags,
        .operand = {.name = "WHAT",
                    .help = "a thumbprint, a prefix or a code",
                    .least = 1,
                    .most = 1,
                    .complete = "alias"},
        .examples = kRevokeExamples,
        .run = revoke},
    Command{
        .name = "head",
        .summary = "say how far the ledger has come, and what is void",
        .description =
            "Prints a new cp.head, signed: the ledger's last entry and its hash, and all keys and "
            "delegations that were revoked. Verifiers take the highest number they saw and refuse "
            "lower ones.",
        .flags = kHeadFlags,
        .examples = kHeadExamples,
        .run = head},
    Command{.name = "sign",
            .summary = "sign documents",
            .description =
                "Signs each document (cp.resource, cp.state, cp.delegation, cp.head) of FILE or "
                "standard input and prints it with its proof. With --key nothing but that file is "
                "needed: for machines that hold a key and nothing else.",
            .flags = kSignFlags,
            .operand = {.name = "FILE", .help = "documents", .most = -1, .type = Type::file},
            .examples = kSignExamples,
            .run = sign},
    Command{
        .name = "verify",
        .summary = "verify documents up to a trust anchor, offline",
        .description =
            "Verifies each document of FILE or standard input: its signature, the delegations from "
            "a pinned anchor down to its own prefix, what each key may sign, validity by this "
            "machine's clock, and what heads have revoked. Delegations and heads stand before "
            "what they prove, as cpid bundle prints them; those that hold are remembered.\n\n"
            "Prints a cp.check for each and a closing summary. A document older than one that "
            "was seen is a replay; two of one number are equivocation, and both are kept as "
            "evidence. The exit status is 1 when any does not hold.",
        .flags = kVerifyFlags,
        .operand = {.name = "FILE", .help = "documents", .most = -1, .type = Type::file},
        .examples = kVerifyExamples,
        .run = verify},
    Command{
        .name = "trust",
        .summary = "pin, show and remove trust anchors",
        .description =
            "trust add --prefix PREFIX KEY trusts KEY for PREFIX and what lies below it, and for "
            "nothing else. KEY is the file of a root's delegation or of a public key, or the key "
            "itself (the x of a JWK): take it from somebody you know, not from the network.\n\n"
            "trust list shows the anchors. trust remove THUMBPRINT takes one away with all that "
            "was verified under it. A key or thumbprint that begins with - stands after --.",
        .flags = kTrustFlags,
        .operand = {.name = "ACTION [KEY]",
                    .help = "add, list or remove, and the key or its thumbprint",
                    .least = 1,
                    .most = 2},
        .examples = kTrustExamples,
        .run = trust},
    Command{
        .name = "token",
        .summary = "issue, show and revoke bearer tokens",
        .description =
            "token issue [FILE] makes a token that the servers of the suite take, for a day unless "
            "told otherwise, and writes it to FILE (mode 0600, which must not exist), or prints "
            "it. --grant is read, write, run, register or state, with its limits: path= and bytes= "
            "(read, write), target=, cards= and cost= (run), prefix= and quota= (register), "
            "prefix= and target= (state); what is not limited is allowed.\n\n"
            "token list shows what was issued here. token revoke ID voids a token at once for "
            "every server with this state directory, for others with the head that is printed. "
            "token check FILE says what a server of --audience would say to it (77).",
        .flags = kTokenFlags,
        .operand = {.name = "ACTION [WORD]",
                    .help = "issue, list, revoke or check, and the FILE or the ID",
                    .least = 1,
                    .most = 2},
        .examples = kTokenExamples,
        .run = token},
    Command{
        .name = "bundle",
        .summary = "pack records with all that proves them",
        .description =
            "Prints the delegations and heads from the anchor down to this authority, then the "
            "record of each NAME, or all of them: what cpid verify needs on a machine without a "
            "network, besides the anchor.",
        .operand = {.name = "NAME", .help = "a code or an alias", .most = -1, .complete = "alias"},
        .examples = kBundleExamples,
        .run = bundle},
    Command{
        .name = "publish",
        .summary = "keep the live state of a resource fresh",
        .description =
            "Asks the provider of the resource that NAME names, which must be of this machine's "
            "authority, how it is now (this machine, or the Slurm that its launch access names), "
            "signs it as a cp.state with a number that never comes "
            "again, keeps it here, where cpid serve gives it out, prints it and puts it to each "
            "registry; again every DURATION until it is stopped. A state is good for three "
            "times that, so that it ages where the machine has died. A registry that does not "
            "take one is reported, and the next one is tried; the exit status says so.",
        .flags = kPublishFlags,
        .operand = {.name = "NAME",
                    .help = "a code or an alias",
                    .least = 1,
                    .most = 1,
                    .complete = "alias"},
        .examples = kPublishExamples,
        .run = publish},
    Command{.name = "sync",
            .summary = "follow other registries' change feeds",
            .description =
                "Fetches from each registry (those of URL, else those of this authority's children "
                "and of --registry) what is new since the last time, verifies every hash and every "
                "signature, keeps what holds, and prints a cp.sync each: complete, stale (it "
                "cannot be asked, or its head has expired), missing (nothing of it is here), gap "
                "(entries or documents are missing), lying (a hash, a signature or its head never "
                "held, or it went back) or limited (it has more than --child-limit allows). "
                "Then come the registries that the delegations of what was followed name, level by "
                "level. One that was broken off goes on where it was. What "
                "was fetched resolves, offline, too.\n\n"
                "The exit status is 1 when any is not complete.",
            .flags = kSyncFlags,
            .operand = {.name = "URL", .help = "a registry", .most = -1},
            .examples = kSyncExamples,
            .run = sync},
    Command{.name = "list",
            .summary = "list what is registered here",
            .description =
                "Prints every cp.resource of this machine's registry in the order of the codes, "
                "each verified as resolve does it.",
            .flags = kListFlags,
            .examples = kListExamples,
            .run = list},
    Command{
        .name = "serve",
        .summary = "serve this machine's registry over HTTP",
        .description =
            "Answers what is registered here over HTTP: records by code, alias and foreign code, "
            "live states, searches, the change feed and a dump, and where else to ask for what "
            "lies below a child's prefix (SERVING, below). Documents come as they were signed; "
            "whoever reads them verifies them. Other commands may change the registry meanwhile, "
            "and several servers may serve one.\n\n"
            "Prints one cp.server that says where it listens, and serves until SIGINT or SIGTERM, "
            "which let what is under way end. SIGHUP opens the log anew and takes the certificate "
            "and key that lie on disk then. "
            "Where the key that signs heads is here, it keeps the head fresh.",
        .flags = kServeFlags,
        .examples = kServeExamples,
        .run = serve},
};

constexpr Tool kTool{
    .name = "cpid",
    .summary = "name computing resources, and vouch for what they are",
    .description =
        "Gives computing resources identifiers that find their own typing errors, describes them, "
        "and keeps signed records of them that anyone can verify.",
    .commands = kCommands,
    .complete = complete};

}  // namespace

const Tool& tool() { return kTool; }

}  // namespace cpid
