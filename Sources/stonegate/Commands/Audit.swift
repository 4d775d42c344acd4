import ArgumentParser
import GateAudit
import GateConfig
import GateCrypto
import GateProtocol
import GateTerminal

struct Audit: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Verifies and exports the audit log.",
        discussion: """
            Works on the files alone: while the gateway runs, when it does not, and on a copy elsewhere (--dir).

              stonegate audit head                              note this elsewhere, now and then
              stonegate audit verify --head 1042:9f86d081…      nothing was changed, and nothing cut off
              stonegate audit export --format csv > calls.csv
            """,
        subcommands: [AuditVerify.self, AuditExport.self, AuditHead.self])
}

/// Where the log lies.
struct AuditLocation: ParsableArguments {
    @Option(
        help: ArgumentHelp("The directory of the log; without it `audit` in the data directory.", valueName: "path"))
    var dir: String?

    @OptionGroup var source: ConfigurationOptions

    func folder() throws -> AuditFolder {
        let folder = AuditFolder(try dir ?? source.load().server.dataDir + "/audit")
        guard !folder.segments.isEmpty else {
            Console.complain(
                """
                stonegate: there is no audit log in \(SafeText.line(folder.path)).
                  It is written when the configuration says [audit] enabled = true. With another directory, give --dir or --data-dir.
                """)
            throw ExitCode.noLog
        }
        return folder
    }
}

struct AuditVerify: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Checks that no record was changed, added, taken out or moved.",
        discussion: """
            Exit codes: 0 when all is well, 65 when the log was tampered with or is damaged, 66 when there is none.

            What is proved: with --key of a copy of audit.pub, that this gateway wrote the records up to the last signature; with --head noted \
            elsewhere, that nothing up to there was rewritten or cut off.
            """)

    @Option(help: ArgumentHelp("A head that was noted elsewhere: SEQ:HASH.", valueName: "head"))
    var head: String?

    @Option(help: ArgumentHelp("The gateway's public key; without it audit.pub beside the log.", valueName: "path"))
    var key: String?

    @Flag(help: "Print the verdict as JSON.")
    var json = false

    @OptionGroup var location: AuditLocation

    func validate() throws {
        guard head.map({ AuditChain.Head($0) != nil }) ?? true else {
            throw ValidationError("--head is SEQ:HASH as `stonegate audit head` prints it.")
        }
    }

    func run() throws {
        let folder = try location.folder()
        let known = try publicKey(folder)
        do throws(AuditVerifier.Fault) {
            let verdict = try AuditVerifier.verify(
                folder, key: known, head: head.flatMap { AuditChain.Head($0) },
                progress: { file in if Console.errorsAreTerminal { Console.complain("checking \(SafeText.line(file))") }
                })
            show(verdict)
        } catch {
            if json {
                Console.print(
                    JSONValue.object(
                        JSONObject([
                            ("ok", false), ("file", .string(error.file)), ("line", .init(error.line)),
                            ("seq", .init(error.sequence)), ("reason", .string(error.reason)),
                        ])
                    ).text)
            } else {
                Console.complain(
                    "stonegate: the audit log is not what was written.\n  The first bad record: \(SafeText.line(error.file)), line "
                        + "\(error.line), where number \(error.sequence) should be: \(error.reason).")
            }
            throw ExitCode.tampered
        }
    }

    private func publicKey(_ folder: AuditFolder) throws -> VerificationKey? {
        guard let key else { return folder.key }
        guard let text = AuditFolder.read(key), let raw = Hex.decode(text.prefix { $0 != 0x0A }),
            let known = VerificationKey(raw)
        else { throw ValidationError("--key: there is no public key in \(key).") }
        return known
    }

    private func show(_ verdict: AuditVerifier.Verdict) {
        if json {
            return Console.print(
                JSONValue.object(
                    JSONObject([
                        ("ok", true), ("records", .init(verdict.records)), ("files", .init(verdict.segments)),
                        ("head", .string("\(verdict.head)")), ("signed", .init(verdict.signed)),
                        ("key", verdict.key.map { .string($0.text) } ?? .null),
                    ])
                ).text)
        }
        Console.print(
            "\(Spoken.count(verdict.records, "record")) in \(Spoken.count(verdict.segments, "file")): a whole chain. "
                + "Signed up to record \(verdict.signed).")
        Console.print("head \(verdict.head)")
        if verdict.signed < verdict.head.sequence {
            Console.print(
                "The records behind the last signature are chained, and signed within a minute while the gateway runs.")
        }
    }
}

struct AuditHead: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "head", abstract: "Prints number and hash of the last record, to be kept elsewhere.")

    @OptionGroup var location: AuditLocation

    func run() throws {
        let folder = try location.folder()
        guard let last = folder.segments.last, let content = AuditFolder.read(folder.segment(last)),
            let end = content.lastIndex(of: 0x0A),
            let line = AuditLine(content[..<end].split(separator: 0x0A).last ?? []), line.isWhole
        else {
            Console.complain("stonegate: the end of the log is damaged. See: stonegate audit verify")
            throw ExitCode.tampered
        }
        Console.print("\(line.head)")
    }
}

extension ExitCode {
    /// EX_DATAERR and EX_NOINPUT of sysexits.
    static let tampered = ExitCode(65)
    static let noLog = ExitCode(66)
}
