// SPDX-License-Identifier: Apache-2.0
#include "cpxfer.hpp"

#include <array>

namespace cpxfer {
namespace {

using cp::cli::Command;
using cp::cli::Example;
using cp::cli::Flag;
using cp::cli::Type;

constexpr Flag kNoTargetDirectory{
    .name = "no-target-directory",
    .letter = 'T',
    .help = "DESTINATION is the name itself, not a directory to put the source in"};
constexpr Flag kInclude{.name = "include",
                        .type = Type::octets,
                        .value = "PATTERN",
                        .help = "take what matches PATTERN, whatever a later --exclude says",
                        .repeats = true};
constexpr Flag kExclude{.name = "exclude",
                        .type = Type::octets,
                        .value = "PATTERN",
                        .help = "leave out what matches PATTERN, and all that is in it",
                        .repeats = true};
constexpr Flag kExcludeFrom{
    .name = "exclude-from",
    .type = Type::file,
    .value = "FILE",
    .help = "leave out what matches a line of FILE; '+ ' before it takes it",
    .repeats = true};
constexpr Flag kFilesFrom{
    .name = "files-from",
    .type = Type::file,
    .value = "FILE",
    .help = "take what FILE names, a name below SOURCE a line, and nothing else; - is stdin"};
constexpr Flag kFrom0{
    .name = "from0", .letter = '0', .help = "the names end with a NUL, as those of find -print0"};
constexpr Flag kMaxAge{.name = "max-age",
                       .type = Type::duration,
                       .value = "DURATION",
                       .help = "leave out files that have not changed for DURATION"};
constexpr Flag kOneFileSystem{.name = "one-file-system",
                              .letter = 'x',
                              .help = "do not enter directories of other file systems"};

constexpr Flag kAnonymous{
    .name = "anonymous",
    .help = "the server serves anybody on this machine in clear text, and that is meant"};
constexpr Flag kToken{.name = "token",
                      .type = Type::file,
                      .value = "FILE",
                      .help = "the token that the server wants; only you may read FILE",
                      .setting = "cpxfer.token"};
constexpr Flag kCa{.name = "ca",
                   .type = Type::file,
                   .value = "FILE",
                   .help = "certificates (PEM) that vouch for servers, instead of the system's",
                   .setting = "cpxfer.ca"};
constexpr Flag kTlsKey{.name = "tls-key",
                       .type = Type::text,
                       .value = "sha256:HEX",
                       .help = "the server's own public key, instead of what any authority says"};
constexpr Flag kRail{
    .name = "rail",
    .type = Type::text,
    .value = "KIND",
    .help =
        "what carries the bytes to another end: auto, or some of tcp, ssh and fabric[:PROVIDER] "
        "(libfabric), with commas between them",
    .fallback = "auto",
    .setting = "cpxfer.rail"};
constexpr Flag kStreams{.name = "streams",
                        .type = Type::integer,
                        .value = "N",
                        .help = "parallel streams to another end; 0: as many as the path wants",
                        .fallback = "0",
                        .setting = "cpxfer.streams"};
constexpr Flag kSsh{.name = "ssh",
                    .type = Type::text,
                    .value = "COMMAND",
                    .help = "how ssh is called: the program and options, between blanks",
                    .fallback = "ssh",
                    .setting = "ssh.command"};
constexpr Flag kRemoteCpxfer{.name = "remote-cpxfer",
                             .type = Type::text,
                             .value = "PATH",
                             .help = "the cpxfer on the host that ssh reaches",
                             .setting = "cpxfer.remote"};
constexpr Flag kTrustedNetwork{
    .name = "trusted-network",
    .help =
        "nobody listens on the network: what goes beside ssh (--rail tcp) is not "
        "encrypted"};
constexpr Flag kEncrypt{
    .name = "encrypt",
    .help = "encrypt what goes beside ssh (--rail tcp) even when both ends are one host"};
constexpr Flag kInstallRemote{
    .name = "install-remote",
    .help = "bring this cpxfer to ~/.local/bin on the host that ssh reaches, and use it"};
constexpr Flag kPortRange{
    .name = "port-range",
    .type = Type::text,
    .value = "FIRST[-LAST]",
    .help = "the ports where streams beside ssh come in, on the host that they go to",
    .setting = "cpxfer.port_range"};
constexpr Flag kDataHost{
    .name = "data-host",
    .type = Type::text,
    .value = "HOST",
    .help = "between two hosts: where the destination takes the data, if not where ssh reaches it"};
constexpr Flag kReverse{
    .name = "reverse",
    .help =
        "between two hosts: the destination connects to the source, which --data-host then names"};
constexpr Flag kBwlimit{
    .name = "bwlimit",
    .type = Type::rate,
    .value = "RATE",
    .help = "move no more than RATE, such as 200Mbit/s or 25MB/s, as it travels",
    .setting = "cpxfer.bwlimit"};
constexpr Flag kTimeout{.name = "timeout",
                        .type = Type::duration,
                        .value = "DURATION",
                        .help = "give up when the other end says nothing for DURATION",
                        .fallback = "30s"};

constexpr std::array kCopyFlags{
    kNoTargetDirectory,
    kInclude,
    kExclude,
    kExcludeFrom,
    kFilesFrom,
    kFrom0,
    kMaxAge,
    kOneFileSystem,
    Flag{.name = "update",
         .letter = 'u',
         .help = "leave what is newer at the destination, and what has the same size and time"},
    Flag{.name = "checksum",
         .letter = 'c',
         .help = "leave what has the same content at the destination, whatever its time"},
    Flag{.name = "delete",
         .help = "when all has arrived, remove what the sources do not have from the directories "
                 "that they fill"},
    Flag{.name = "ignore-errors", .help = "--delete even when something failed"},
    Flag{.name = "preserve",
         .type = Type::text,
         .value = "LIST",
         .help = "what travels beside mode and times: owner, xattr, acl, links, or all",
         .setting = "cpxfer.preserve"},
    Flag{.name = "numeric-ids",
         .help = "owners and groups go by their numbers, not by their names",
         .setting = "cpxfer.numeric_ids"},
    Flag{.name = "durability",
         .type = Type::choice,
         .value = "WHEN",
         .help =
             "when data is forced to the disk: by groups of files, file by file, at the end, or "
             "never",
         .choices = "batch|file|end|none",
         .fallback = "batch",
         .setting = "cpxfer.durability"},
    Flag{.name = "verify",
         .type = Type::choice,
         .value = "WHEN",
         .help = "check each file on arrival, or also read it back from the destination's disk",
         .choices = "arrival|readback",
         .fallback = "arrival",
         .setting = "cpxfer.verify"},
    kAnonymous,
    kToken,
    kCa,
    kTlsKey,
    kRail,
    kStreams,
    kSsh,
    kRemoteCpxfer,
    kTrustedNetwork,
    kEncrypt,
    kPortRange,
    kDataHost,
    kReverse,
    kInstallRemote,
    Flag{.name = "compress",
         .type = Type::text,
         .value = "HOW",
         .help = "compress on the way to another end: auto, off, or a level of zstd, -7 to 19",
         .fallback = "auto",
         .setting = "cpxfer.compress"},
    kBwlimit,
    kTimeout,
    Flag{.name = "retry",
         .type = Type::duration,
         .value = "DURATION",
         .help = "when the other end is lost, try for DURATION to come back and go on; 0s: not",
         .fallback = "1m",
         .setting = "cpxfer.retry"},
    Flag{.name = "no-resume",
         .help = "move everything, whatever an earlier transfer left, and leave nothing to resume"},
    cp::cli::flags::dry_run,
};

constexpr std::array kHashFlags{
    kAnonymous,
    kToken,
    kCa,
    kTlsKey,
    kSsh,
    kRemoteCpxfer,
    kInstallRemote,
    kTimeout,
    Flag{.name = "digest",
         .type = Type::choice,
         .value = "KIND",
         .help = "xxh3-128-tree, as in records of transfers, or sha256, as sha256sum prints it",
         .choices = "xxh3-128-tree|sha256",
         .fallback = "xxh3-128-tree"},
    Flag{.name = "each", .help = "print the digest of each file as well"},
    Flag{.name = "jobs",
         .letter = 'j',
         .type = Type::integer,
         .value = "N",
         .help = "read N files, or parts of a large one, at a time",
         .fallback = "2"},
};

constexpr std::array kVerifyFlags{
    kNoTargetDirectory, kInclude,   kExclude, kExcludeFrom, kFilesFrom, kFrom0, kMaxAge,
    kOneFileSystem,     kAnonymous, kToken,   kCa,          kTlsKey,    kSsh,   kRemoteCpxfer,
    kInstallRemote,     kTimeout};

constexpr std::array kServeFlags{
    Flag{.name = "listen",
         .type = Type::text,
         .value = "ADDRESS[:PORT]",
         .help = "where to listen; port 0 takes a free one",
         .fallback = "127.0.0.1:7031",
         .setting = "cpxfer.listen"},
    Flag{.name = "root",
         .type = Type::directory,
         .value = "DIRECTORY",
         .help = "the tree that is served; nothing outside it is read or written",
         .fallback = "."},
    Flag{.name = "tls-cert",
         .type = Type::file,
         .value = "FILE",
         .help = "the server's certificate and those above it (PEM)",
         .setting = "cpxfer.tls_cert"},
    Flag{.name = "tls-key",
         .type = Type::file,
         .value = "FILE",
         .help = "the key of --tls-cert (PEM); only you may read it",
         .setting = "cpxfer.tls_key"},
    Flag{.name = "audience",
         .type = Type::text,
         .value = "CODE",
         .help = "the code whose data access this is: the audience of tokens",
         .setting = "cpxfer.audience"},
    Flag{.name = "anonymous", .help = "serve anybody on this machine, in clear text"},
    Flag{.name = "stdio",
         .help = "serve whoever is behind standard input and output, with all rights of the user: "
                 "what ssh starts at the far end"},
    Flag{.name = "sessions",
         .type = Type::integer,
         .value = "N",
         .help = "transfers at a time",
         .fallback = "16"},
    Flag{.name = "timeout",
         .type = Type::duration,
         .value = "DURATION",
         .help = "give a transfer up when its other end says nothing for DURATION",
         .fallback = "30s"},
};

constexpr std::array kBenchFlags{
    Flag{.name = "time",
         .type = Type::duration,
         .value = "DURATION",
         .help = "how long each measurement takes, up to 60s",
         .fallback = "2s"},
    Flag{.name = "direction",
         .type = Type::choice,
         .value = "WAY",
         .help = "what is sent there (push), what comes from there (pull), or both",
         .choices = "both|push|pull",
         .fallback = "both"},
    Flag{.name = "rails-only", .help = "leave out hash, encryption and compression"},
    Flag{.name = "directory",
         .type = Type::directory,
         .value = "DIRECTORY",
         .help = "measure the disk of DIRECTORY on this machine, too; nothing stays there"},
    kAnonymous,
    kToken,
    kCa,
    kTlsKey,
    Flag{.name = "rail",
         .type = Type::text,
         .value = "KIND",
         .help = "what is measured: auto (each that goes there), tcp, ssh, or fabric[:PROVIDER]",
         .fallback = "auto"},
    kStreams,
    kSsh,
    kRemoteCpxfer,
    kTrustedNetwork,
    kEncrypt,
    kInstallRemote,
    kBwlimit,
    kTimeout,
};

constexpr std::array kBenchExamples{
    Example{"cpxfer bench login.example", "tells what goes there and back, by ssh and beside it"},
    Example{"cpxfer bench --token in.token --direction push cpx://dtn.example/in",
            "tells what a server takes"},
    Example{"cpxfer bench --directory /scratch", "tells what this machine can do at most"},
};

constexpr std::array kListFlags{
    Flag{.name = "resumable", .help = "only those that can be resumed"},
};

constexpr std::array kListExamples{
    Example{"cpxfer list --resumable", "shows what was interrupted"},
};

constexpr std::array kResumeExamples{
    Example{"cpxfer resume t-01M8233HY9NHH45D4A69ZNK920", "goes on with that transfer"},
};

constexpr std::array kCopyExamples{
    Example{"cpxfer results/ /backup/results", "puts the contents of results into /backup/results"},
    Example{"cpxfer data model.bin /scratch", "puts /scratch/data and /scratch/model.bin there"},
    Example{"cpxfer data login.example:scratch/", "puts scratch/data into the home there, by ssh"},
    Example{"cpxfer login.example:results/ .", "brings the contents of results here"},
    Example{"cpxfer --anonymous data cpx://127.0.0.1:7031/in/", "hands data to a server here"},
    Example{"cpxfer --exclude '*.o' --exclude /src/.git src /backup",
            "leaves object files and the repository out"},
    Example{"find data -newer stamp -printf '%P\\0' | cpxfer -0 --files-from - data/ /backup",
            "moves what find chooses"},
    Example{"cpxfer --update --delete data/ /mirror/data",
            "makes the mirror what data is now, and moves only what has changed"},
    Example{"cpxfer --preserve all /srv/ backup.example:srv",
            "takes owners, attributes, ACLs and hard links along"},
    Example{"cpxfer --token in.token data cp:86.3101/7F3K9Q2M-JB/in/",
            "hands data to the server of that resource, as its signed record has it"},
    Example{"cpxfer --token in.token data @shlab/archive/in/", "does the same by its alias"},
    Example{"pg_dump db | cpxfer - backup.example:db.sql",
            "puts what a program writes under that name, when it has come whole"},
    Example{"cpxfer backup.example:db.sql - | psql db", "hands a file to a program, checked"},
    Example{"cpxfer cluster.example:results archive.example:2026/",
            "moves from one host to the other, straight"},
    Example{"cpxfer --token in.token cluster.example:results cpx://dtn.example/in/",
            "lets the cluster hand its results to a server"},
    Example{"cpxfer --verify readback model.bin /mnt/tape-cache/",
            "reads the file back from the disk before it counts as there"},
    Example{"cpxfer -n data/ /scratch/run7", "shows what would land where"},
};

constexpr std::array kHashExamples{
    Example{"cpxfer hash --plain results/",
            "prints one digest of all names and contents in results"},
    Example{"cpxfer hash --digest sha256 --plain results >SHA256SUMS",
            "writes a list that sha256sum -c takes"},
    Example{"cpxfer hash --plain backup.example:results/",
            "prints that digest of a tree at another host, which reads it itself"},
};

constexpr std::array kVerifyExamples{
    Example{"cpxfer verify results/ /backup/results",
            "says whether /backup/results has all that is in results"},
    Example{"cpxfer verify results/ backup.example:results",
            "says so of another host, which reads its copy itself"},
};

constexpr std::array kServeExamples{
    Example{
        "cpxfer serve --tls-cert dtn.pem --tls-key dtn.key --audience cp:0/7F3K9Q2M-14 --listen "
        "0.0.0.0 --root /scratch",
        "serves /scratch to whoever has a token for it"},
    Example{"cpxfer serve --anonymous --root /scratch", "serves /scratch to this machine"},
};

constexpr std::array kCommands{
    Command{
        .name = "copy",
        .summary = "move files and directories (the command without a name)",
        .description =
            "Moves each SOURCE to DESTINATION and prints one cp.transfer record. A directory "
            "without a "
            "trailing slash lands in DESTINATION under its own name, with a trailing slash its "
            "contents "
            "land there, as in rsync. One file whose DESTINATION is no directory takes that name. "
            "Missing directories are made.\n\n"
            "Each byte is checked by its XXH3-128 digest over the copy that is written, and a file "
            "appears under its name only when it is whole; until then it grows in the directory "
            ".cpxfer of the destination. Names, contents, permission bits, modification times, "
            "symbolic links and empty directories travel. A file that stood under a file's "
            "name is replaced, a device or a named pipe is not, and nothing else is removed "
            "without --delete.\n\n"
            "Items that cannot be moved are named, the others arrive, and the exit status is 1; if "
            "nothing arrived it tells the gravest reason.",
        .flags = kCopyFlags,
        .operand = {.name = "SOURCE… DESTINATION",
                    .help =
                        "paths, [USER@]HOST:PATH through ssh, cpx://HOST[:PORT]/PATH at a server, "
                        "cp:CODE/PATH or @LABEL/NAME/PATH at a resource, or - for a stream",
                    .least = 2,
                    .most = -1,
                    .type = Type::file},
        .examples = kCopyExamples,
        .run = copy},
    Command{
        .name = "hash",
        .summary = "print the digests of files and trees",
        .description =
            "Reads each PATH and prints a cp.digest record of it. The digest is the one that the "
            "record of a transfer has: over names, kinds and contents, not over modes and times; a "
            "directory with a trailing slash means its contents.\n\n"
            "With --digest=sha256 it prints the sum of each file instead, ordered by path; as "
            "--plain they are lines that sha256sum -c takes.\n\n"
            "What lies at a far end is read by the cpxfer there; names and digests alone travel.",
        .flags = kHashFlags,
        .operand = {.name = "PATH…",
                    .help = "files and directories here, at [USER@]HOST:PATH through ssh, at "
                            "cpx://HOST[:PORT]/PATH, cp:CODE/PATH or @LABEL/NAME/PATH",
                    .least = 1,
                    .most = -1,
                    .type = Type::file},
        .examples = kHashExamples,
        .run = hash},
    Command{
        .name = "verify",
        .summary = "compare files and trees with what a transfer of them made",
        .description =
            "Takes the operands of a transfer, changes nothing, and reads both sides whole: each "
            "item that is missing where it would land, or is another, is named, and the exit "
            "status "
            "is 1 if there is one. What else stands there, modes and times do not matter. Prints a "
            "cp.digest record of the sources.\n\n"
            "Either side, or both, may be at a far end: the cpxfer there reads it, both ends of a "
            "large file at once, and names and digests alone travel.",
        .flags = kVerifyFlags,
        .operand = {.name = "SOURCE… DESTINATION",
                    .help = "paths here, at [USER@]HOST:PATH through ssh, at "
                            "cpx://HOST[:PORT]/PATH, cp:CODE/PATH or @LABEL/NAME/PATH; the sources "
                            "are at one place",
                    .least = 2,
                    .most = -1,
                    .type = Type::file},
        .examples = kVerifyExamples,
        .run = verify},
    Command{
        .name = "bench",
        .summary = "measure each stage of a transfer alone",
        .description =
            "Measures, one after the other, each rail to HOST and back from memory to memory, then "
            "what this machine alone does in a transfer (hash, encryption, compression, and with "
            "--directory the disk), and prints a cp.bench record of each; at the end, what holds "
            "each direction up. Without HOST both ends are this process, over the loopback.\n\n"
            "What the other end says of its processors is its own word. What cannot be measured is "
            "named, the rest is measured, and the exit status tells the gravest reason.",
        .flags = kBenchFlags,
        .operand = {.name = "HOST",
                    .help = "[USER@]HOST by ssh, cpx://HOST[:PORT][/PATH], cp:CODE[/PATH], or "
                            "@LABEL/NAME[/PATH]",
                    .least = 0,
                    .most = 1},
        .examples = kBenchExamples,
        .run = bench},
    Command{.name = "list",
            .summary = "show the transfers that ran here",
            .description =
                "Prints the cp.transfer record of each transfer that this user began on this "
                "machine within the last week: what runs, what is done, and what can be resumed.",
            .flags = kListFlags,
            .examples = kListExamples,
            .run = list},
    Command{
        .name = "resume",
        .summary = "go on with a transfer that ended early",
        .description =
            "Gives the command that began the transfer once more, in the directory where it was "
            "given: what is durable at the destination is not moved again. Without ID the only "
            "transfer that can be resumed is meant.",
        .operand = {.name = "ID",
                    .help = "as `cpxfer list` shows it",
                    .least = 0,
                    .most = 1,
                    .complete = "resumable"},
        .examples = kResumeExamples,
        .run = resume},
    Command{
        .name = "forget",
        .summary = "take transfers off the list",
        .description =
            "Removes transfers that do not run from what `cpxfer list` shows. What they left at a "
            "destination goes a week after it was used for the last time.",
        .operand = {.name = "ID…",
                    .help = "as `cpxfer list` shows it",
                    .least = 1,
                    .most = -1,
                    .complete = "transfer"},
        .run = forget},
    Command{
        .name = "serve",
        .summary = "take and give files for other machines and programs",
        .description =
            "Serves the tree below --root until it is interrupted: cpxfer moves files there with "
            "cpx://ADDRESS:PORT/PATH. PATH begins at the root; no path and no link leads out of "
            "it. "
            "The first line on stderr says where it listens.\n\n"
            "Clients are met by TLS 1.3 alone, and each needs a token of an authority that is "
            "pinned here (cpid trust), for --audience, with a grant: `cpid token issue --audience "
            "CODE --grant write:path=/in,bytes=10TB` lets its bearer write below /in.\n\n"
            "With --anonymous everybody on this machine may read and write there, in clear text; "
            "this "
            "is only done on a loopback address.",
        .flags = kServeFlags,
        .examples = kServeExamples,
        .run = serve},
};

}  // namespace

constexpr std::array kSettings{cp::cli::settings::registry_urls, cp::cli::settings::registry_ca,
                               cp::cli::settings::registry_token,
                               cp::cli::settings::registry_allow_net};

constexpr cp::cli::Tool tool{
    .name = "cpxfer",
    .summary = "move data, whole and verified",
    .description =
        "cpxfer moves files and directories. A file called like a command is written with "
        "its directory: ./serve.",
    .commands = kCommands,
    .default_command = "copy",
    .settings = kSettings,
    .complete = complete};

}  // namespace cpxfer
