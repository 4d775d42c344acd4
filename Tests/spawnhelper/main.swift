// A program for tests that need a whole process to themselves: to be killed, to be starved, or to count what it leaves.

import CSpawn
import GateBackend

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

// The guardian comes before anything else, as in the real program.
if CommandLine.arguments.dropFirst().first == "guarded" { try Guardian.start() }

struct Usage: Equatable, CustomStringConvertible {
    var descriptors = 0
    var threads = 0
    var children = 0
    var description: String { "descriptors=\(descriptors) threads=\(threads) children=\(children)" }

    /// Zombies are children, too.
    static func now() -> Usage {
        var usage = Usage()
        usage.descriptors = entries("/proc/self/fd").count - 1
        usage.threads = entries("/proc/self/task").count
        for pid in entries("/proc").compactMap({ Int32($0) }) {
            var info = csp_process()
            if csp_process_info(pid, &info) == 0, info.parent == getpid() { usage.children += 1 }
        }
        return usage
    }

    /// What is left when the last child's traces are gone: its end is told a moment before its descriptor is closed.
    ///
    /// - Parameter expected: what it should come to; nil waits until it no longer changes.
    static func settled(_ expected: Usage? = nil) -> Usage {
        var last = now()
        for _ in 0..<100 {
            usleep(20_000)
            let next = now()
            let isSettled = expected.map { next.descriptors == $0.descriptors && next.children == $0.children }
            if isSettled ?? (next == last) { return next }
            last = next
        }
        return last
    }

    private static func entries(_ path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

func say(_ text: String) {
    print(text)
    fflush(nil)
}

func sh(_ script: String) -> ProcessSpec {
    ProcessSpec(executable: "/bin/sh", arguments: ["-c", script], environment: [("PATH", "/usr/bin:/bin")])
}

func firstLine(_ fd: Int32) -> String {
    var bytes: [UInt8] = []
    var byte: UInt8 = 0
    while read(fd, &byte, 1) == 1, byte != 0x0A { bytes.append(byte) }
    return String(decoding: bytes, as: UTF8.self)
}

/// Ends the use of a child: its pipes, then itself.
@discardableResult
func finish(_ child: ChildProcess) async -> ProcessExit {
    child.takeStdio()?.closeAll()
    return await child.exit
}

func fail(_ spec: ProcessSpec) async -> String {
    do throws(SpawnFailure) {
        let child = try await ProcessSpawner.shared.spawn(spec)
        return "started, \(await finish(child))"
    } catch {
        return "\(error.cause)"
    }
}

/// Leaves this process that many descriptors.
func limitDescriptors(to value: Int) {
    var limit = rlimit()
    #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        let resource = RLIMIT_NOFILE
    #endif
    getrlimit(resource, &limit)
    limit.rlim_cur = rlim_t(value)
    setrlimit(resource, &limit)
}

func forbidProcesses() {
    var limit = rlimit(rlim_cur: 0, rlim_max: 0)
    #if canImport(Glibc)
        setrlimit(__rlimit_resource_t(__RLIMIT_NPROC.rawValue), &limit)
    #else
        setrlimit(RLIMIT_NPROC, &limit)
    #endif
}

let spawner = ProcessSpawner.shared
let count = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 1 : 1

switch CommandLine.arguments.dropFirst().first {
case "guarded", "ledgered":
    if CommandLine.arguments.count > 3, let ledger = ChildLedger(path: CommandLine.arguments[3]) {
        spawner.keep(ledger)
    }
    var kept: [ChildProcess] = []
    for index in 0..<count {
        let stubborn = "trap '' TERM HUP; (trap '' TERM HUP; exec sleep 600) & echo $!; exec sleep 601"
        let child = try await spawner.spawn(index % 2 == 0 ? sh("echo none; exec cat") : sh(stubborn))
        kept.append(child)
        guard let stdio = child.takeStdio() else { exit(1) }
        say("\(child.pid) \(firstLine(stdio.stdout))")
    }
    say("ready")
    for child in kept { _ = await child.exit }

case "churn":
    // One round first: threads and the watcher are made on first use and stay.
    await finish(try spawner.spawn(sh("exit 0")))
    let before = Usage.settled()
    var unwatched: [ChildProcess] = []
    for index in 0..<count {
        let child = try await spawner.spawn(sh(index % 3 == 0 ? "exit 3" : "exec sleep 600"))
        if index % 3 == 1 { child.killGroup() }
        if index % 3 == 2 { child.signal(SIGTERM) }
        // Every tenth has nobody who waits for it while the others come and go.
        if index % 10 == 0 { unwatched.append(child) } else { await finish(child) }
    }
    for child in unwatched { await finish(child) }
    say("\(before)\n\(Usage.settled(before))")

case "failures":
    await finish(try spawner.spawn(sh("exit 0")))
    let paths = CommandLine.arguments.dropFirst(3)
    let before = Usage.settled()
    for path in paths {
        var causes: Set<String> = []
        for _ in 0..<count { causes.insert(await fail(ProcessSpec(executable: path))) }
        say(causes.sorted().joined(separator: ","))
    }
    var causes: Set<String> = []
    for _ in 0..<count {
        causes.insert(await fail(ProcessSpec(executable: "/bin/sh", workingDirectory: "/nonexistent")))
    }
    say(causes.sorted().joined(separator: ","))
    say("\(before)\n\(Usage.settled(before))")

case "descriptors":
    // Every number of free descriptors from none to enough: each step of starting a process fails once.
    await finish(try spawner.spawn(sh("exit 0")))
    let before = Usage.settled()
    for spare in 0..<12 {
        limitDescriptors(to: before.descriptors + spare)
        say(await fail(sh("exit 0")))
    }
    limitDescriptors(to: before.descriptors + 64)
    say("\(before)\n\(Usage.settled(before))")

case "processes":
    await finish(try spawner.spawn(sh("exit 0")))
    let before = Usage.settled()
    guard setuid(65534) == 0 else { exit(77) }
    forbidProcesses()
    LoneExecutor().run {
        var causes: Set<String> = []
        for _ in 0..<count { causes.insert(await fail(sh("exit 0"))) }
        say("\(causes.sorted().joined(separator: ","))\n\(before)\n\(Usage.now())")
    }
    exit(0)

default:
    say("usage: spawnhelper guarded|ledgered|churn|failures|descriptors|processes COUNT")
    exit(64)
}
