import GateTestKit
import Testing

@testable import GateServer

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct StateDirectoryTests {
    @Test func oneGatewayAtATime() throws {
        let data = try TemporaryDirectory()
        let first = try StateDirectory(path: data.path, url: "http://127.0.0.1:1")
        do throws(StateDirectoryError) {
            _ = try StateDirectory(path: data.path)
            Issue.record("a second gateway got the directory")
        } catch {
            #expect(error.isBusy)
            let words = error.description
            #expect(words.contains("another stonegate uses \(data.path): process \(getpid()), since 20"), "\(words)")
            #expect(words.contains(" UTC, http://127.0.0.1:1. Stop it with `stonegate stop --data-dir \(data.path)`"))
            #expect(error.description.contains("server.data_dir"))
        }
        try first.saveNow("x.json", Array("{}".utf8))
    }

    @Test func theLockEndsWithItsHolder() throws {
        let data = try TemporaryDirectory()
        do { _ = try StateDirectory(path: data.path) }
        _ = try StateDirectory(path: data.path)
    }

    @Test func filesAreReplacedAsAWhole() throws {
        let data = try TemporaryDirectory()
        let directory = try StateDirectory(path: data.path)
        try directory.saveNow("names.json", Array(repeating: 0x61, count: 100_000))
        let before = try inode(data.file("names.json"))
        let reader = open(data.file("names.json"), O_RDONLY)
        defer { close(reader) }
        try directory.saveNow("names.json", Array("[]".utf8))
        #expect(directory.read("names.json") == Array("[]".utf8))
        #expect(try inode(data.file("names.json")) != before)
        // Who has the old file open still reads the old version, whole.
        var status = stat()
        #expect(fstat(reader, &status) == 0)
        #expect(status.st_size == 100_000)
        #expect(try mode(data.file("names.json")) == 0o600)
        #expect(access(data.file(".names.json.new"), F_OK) != 0)
    }

    /// A run that was killed may have left the temporary file, with any mode, or somebody put something in its place.
    @Test func whatLiesInTheWayDoesNotLeakASecret() throws {
        let data = try TemporaryDirectory()
        let directory = try StateDirectory(path: data.path)
        let left = try data.write("left over", to: ".a.json.new")
        chmod(left, 0o666)
        try directory.saveNow("a.json", Array("secret".utf8))
        #expect(try mode(data.file("a.json")) == 0o600)
        let outside = try TemporaryDirectory()
        let target = try outside.write("untouched", to: "target")
        symlink(target, data.file(".b.json.new"))
        try directory.saveNow("b.json", Array("secret".utf8))
        #expect(outside.read("target") == "untouched")
        #expect(data.read("b.json") == "secret")
    }

    @Test func theLastOfSeveralVersionsIsKept() throws {
        let data = try TemporaryDirectory()
        let directory = try StateDirectory(path: data.path)
        for number in 0...500 { directory.save("n.json", Array("\(number)".utf8)) }
        directory.flush()
        #expect(data.read("n.json") == "500")
        directory.save("n.json", Array("old".utf8))
        try directory.saveNow("n.json", Array("new".utf8))
        directory.flush()
        #expect(data.read("n.json") == "new")
    }

    @Test func aFullOrLockedDirectoryIsTold() throws {
        let data = try TemporaryDirectory()
        let directory = try StateDirectory(path: data.path)
        mkdir(data.file("x.json"), 0o700)
        #expect {
            try directory.saveNow("x.json", Array("{}".utf8))
        } throws: { error in
            "\(error)".contains("STORAGE_FAILED") && "\(error)".contains(data.file("x.json"))
        }
        #expect(access(data.file(".x.json.new"), F_OK) != 0)
    }

    @Test func unusablePathsAreRefusedWithAWayOut() throws {
        let data = try TemporaryDirectory()
        try data.write("", to: "file")
        for path in [data.file("file"), data.file("file/below"), "/proc/nothing/here"] {
            do throws(StateDirectoryError) {
                _ = try StateDirectory(path: path)
                Issue.record("\(path) was taken")
            } catch {
                #expect(error.description.contains("data_dir"), "\(error)")
                #expect(!error.isBusy)
            }
        }
    }

    /// One of the gateway's own is closed; what was in it stays.
    @Test(arguments: [0o770, 0o777, 0o707, 0o722, 0o755, 0o750, 0o701] as [mode_t])
    func aDirectoryOfItsOwnThatOthersMayEnterIsClosed(_ mode: mode_t) throws {
        for name in ["empty", ".stonegate", "used"] {
            let data = try TemporaryDirectory()
            let path = data.file(name)
            mkdir(path, 0o700)
            if name == ".stonegate" { try data.write("x", to: "\(name)/config.toml") }
            if name == "used" { try data.write("", to: "\(name)/lock") }
            chmod(path, mode)
            let directory = try StateDirectory(path: path)
            #expect(
                directory.notes.count == 1 && directory.notes.allSatisfy { $0.contains("\(path) could be entered") })
            #expect(try self.mode(path) == 0o700)
            if name == ".stonegate" { #expect(data.read("\(name)/config.toml") == "x") }
        }
        let closed = try TemporaryDirectory()
        #expect(try StateDirectory(path: closed.path).notes.isEmpty)
    }

    /// Closing /tmp or somebody's home would break what is not ours.
    @Test func aDirectoryThatServesOthersTooIsNotTouched() throws {
        for mode: mode_t in [0o755, 0o750, 0o777, 0o1777] {
            let data = try TemporaryDirectory()
            let path = data.file("home")
            mkdir(path, 0o700)
            try data.write("x", to: "home/.profile")
            if mode == 0o1777 { try data.write("x", to: "home/lock") }
            chmod(path, mode)
            do throws(StateDirectoryError) {
                _ = try StateDirectory(path: path)
                Issue.record("\(String(mode, radix: 8)) was taken")
            } catch {
                #expect(error.description.contains("chmod 700 \(path)"))
                #expect(error.isExposed && !error.isBusy)
            }
            #expect(try self.mode(path) == mode & 0o777)
        }
    }

    /// Who could write the directory may have put `agents.json` or `servers.json` there.
    @Test func whatOthersHavePutThereKeepsItFromBeingUsed() {
        let own = DirectoryExposure.Entry(name: "lock", isOurs: true)
        let planted = DirectoryExposure.Entry(name: "agents.json", isOurs: false)
        func remedy(_ mode: UInt32, _ entries: [DirectoryExposure.Entry]) -> DirectoryExposure.Remedy {
            DirectoryExposure(path: "/var/lib/stonegate", mode: mode, entries: entries).remedy
        }
        guard case .refuse(let words) = remedy(0o777, [own, planted]) else {
            Issue.record("taken with another's file in it")
            return
        }
        #expect(words.contains("agents.json in it is another user's"))
        #expect(remedy(0o777, [own]) == .close)
        #expect(remedy(0o755, [own, planted]) == .close)
        #expect(remedy(0o700, [own, planted]) == .none)
    }

    /// Only root can make a link for somebody else.
    @Test(.enabled(if: geteuid() == 0)) func aLinkOfAnotherUserIsRefused() throws {
        let data = try TemporaryDirectory()
        mkdir(data.file("data"), 0o700)
        symlink(data.file("data"), data.file("link"))
        _ = try StateDirectory(path: data.file("link"))
        lchown(data.file("link"), 12_345, 12_345)
        do throws(StateDirectoryError) {
            _ = try StateDirectory(path: data.file("link"))
            Issue.record("another's link was followed")
        } catch {
            #expect(error.isExposed)
            #expect(error.description.contains("is a link of another user"))
        }
    }

    @Test func secretsAreMadeOnceAndKeptPrivate() throws {
        let data = try TemporaryDirectory()
        let directory = try StateDirectory(path: data.path)
        let made = try directory.secret("session.key", bytes: 32)
        #expect(made.count == 32)
        #expect(try mode(data.file("session.key")) == 0o600)
        #expect(try directory.secret("session.key", bytes: 32) == made)
        // Others may have read it: a new one takes its place.
        chmod(data.file("session.key"), 0o644)
        let second = try directory.secret("session.key", bytes: 32)
        #expect(second != made)
        #expect(try mode(data.file("session.key")) == 0o600)
        try directory.saveNow("session.key", Array("short".utf8))
        #expect(try directory.secret("session.key", bytes: 32).count == 32)
    }

    private func inode(_ path: String) throws -> UInt64 {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return UInt64(status.st_ino)
    }

    private func mode(_ path: String) throws -> mode_t {
        var status = stat()
        try #require(lstat(path, &status) == 0)
        return status.st_mode & 0o777
    }
}
