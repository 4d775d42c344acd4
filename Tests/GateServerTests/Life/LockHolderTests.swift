import GateTestKit
import Testing

@testable import GateServer

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// Who uses a data directory, as others see it.
@Suite struct LockHolderTests {
    @Test func theTextIsReadAgain() {
        let holder = LockHolder(pid: 4_711, since: 1_795_563_011, url: "http://127.0.0.1:3393")
        #expect(LockHolder(holder.text) == holder)
        #expect(holder.description == "process 4711, since 2026-11-24 23:30:11 UTC, http://127.0.0.1:3393")
        // Of an older version: the number alone.
        #expect(LockHolder(Array("4711".utf8)) == LockHolder(pid: 4_711, since: nil, url: nil))
        #expect(LockHolder(pid: 4_711, since: nil, url: nil).description == "process 4711")
    }

    @Test(arguments: ["", "{", "{}", "[]", "-1", "0", #"{"pid":"1"}"#, #"{"pid":99999999999}"#, "\u{0}", "nobody"])
    func whatIsNoHolderNamesNobody(_ text: String) {
        #expect(LockHolder(Array(text.utf8)) == nil)
    }

    @Test func heldFreeAndAbsent() throws {
        let data = try TemporaryDirectory()
        let lock = DirectoryLock(dataDirectory: data.path)
        #expect(lock.state == .free)
        do {
            let directory = try StateDirectory(path: data.path, url: "http://127.0.0.1:1")
            guard case .held(let holder) = lock.state else {
                Issue.record("\(lock.state)")
                return
            }
            #expect(holder?.pid == getpid())
            #expect(holder?.url == "http://127.0.0.1:1")
            #expect(directory.path == data.path)
        }
        #expect(lock.state == .free)
        lock.waitUntilFree()
        // What an earlier holder wrote, longer or not, is not left over.
        let next = try StateDirectory(path: data.path)
        guard case .held(let holder) = lock.state else {
            Issue.record("\(lock.state)")
            return
        }
        #expect(holder?.url == nil && holder?.pid == getpid())
        #expect(next.path == data.path)
        #expect(DirectoryLock(dataDirectory: data.file("none")).state == .free)
    }
}
