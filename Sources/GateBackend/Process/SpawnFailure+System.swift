import CSpawn

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension SpawnFailure {
    /// The failure behind a step of `csp_spawn` and its errno.
    init(stage: Int32, errno code: Int32, spec: ProcessSpec) {
        switch CSpawnStage(stage) {
        case .exec: self = Self.exec(code, spec.executable)
        case .workingDirectory: self = Self.workingDirectory(code, spec.workingDirectory)
        case .sandbox:
            self = SpawnFailure(
                .system(code),
                "The sandbox could not be closed around \(spec.executable): \(Self.describe(code)). Nothing was started. Set "
                    + "sandbox.profile = \"none\" for this server if it may run without.")
        case .timeout:
            self.init(
                .timedOut,
                "\(spec.executable) did not start in time. If it or its working directory lies on a network drive, "
                    + "check that the drive answers.")
        case .other: self = Self.resources(code, "start \(spec.executable)")
        }
    }

    /// A failure that is the machine's, not the program's.
    static func resources(_ code: Int32, _ action: String) -> SpawnFailure {
        switch code {
        case EMFILE:
            SpawnFailure(
                .tooManyOpenFiles,
                "Cannot \(action): stonegate has used up its file descriptors. Raise the limit (`ulimit -n`, or "
                    + "LimitNOFILE= in the service file) or disable some backends.")
        case ENFILE:
            SpawnFailure(
                .tooManyOpenFiles,
                "Cannot \(action): the whole system has run out of file descriptors. Close other programs or raise "
                    + "fs.file-max.")
        case EAGAIN:
            SpawnFailure(
                .tooManyProcesses,
                "Cannot \(action): the system allows no further process. Raise the limit (`ulimit -u`, TasksMax= in "
                    + "the service file, or the container's pids limit) or end other programs.")
        case ENOMEM:
            SpawnFailure(.outOfMemory, "Cannot \(action): out of memory. End other programs or add memory.")
        case ENOSYS:
            SpawnFailure(.system(code), "Cannot \(action): this needs Linux 5.3 or later. Update the kernel.")
        default: SpawnFailure(.system(code), "Cannot \(action): \(describe(code)).")
        }
    }

    private static func exec(_ code: Int32, _ path: String) -> SpawnFailure {
        let kind = csp_file_kind(path)
        switch code {
        case ENOENT, ENOTDIR:
            if kind == CSP_FILE_MISSING {
                return SpawnFailure(
                    .notFound, "\(path) does not exist. Check `command`, or install the program.")
            }
            return badInterpreter(path, "does not exist")
        case EACCES:
            if kind == CSP_FILE_DIRECTORY {
                return SpawnFailure(.notExecutable, "\(path) is a directory. Name the program in it.")
            }
            if kind == CSP_FILE_EXECUTABLE { return badInterpreter(path, "may not be executed") }
            return SpawnFailure(
                .notExecutable,
                "\(path) may not be executed. Run `chmod +x` on it, and check that its directory may be entered.")
        case ENOEXEC:
            return SpawnFailure(
                .notExecutable,
                "\(path) is neither a program for this machine nor a script with a first line such as `#!/bin/sh`. "
                    + "Add that line, or install a build for this machine.")
        case E2BIG:
            return SpawnFailure(
                .invalidRequest, "The arguments and environment of \(path) are too long. Shorten `args` or `env`.")
        case ETXTBSY:
            return SpawnFailure(.system(code), "\(path) is being written to. Try again when that is done.")
        default: return resources(code, "run \(path)")
        }
    }

    private static func badInterpreter(_ path: String, _ trouble: String) -> SpawnFailure {
        if let line = firstLine(of: path), line.utf8.starts(with: "#!".utf8) {
            let interpreter = line.dropFirst(2).drop { $0 == " " }.prefix { $0 != " " && $0 != "\t" && $0 != "\r" }
            return SpawnFailure(
                .badInterpreter,
                "\(path) cannot start: the interpreter in its first line, \(interpreter), \(trouble). Install it or "
                    + "correct that line\(line.utf8.contains(0x0D) ? " (the file has Windows line ends)" : "").")
        }
        return SpawnFailure(
            .badInterpreter,
            "\(path) cannot start: the loader it was built for \(trouble) here. Install a build for this system.")
    }

    private static func workingDirectory(_ code: Int32, _ path: String) -> SpawnFailure {
        let trouble =
            switch code {
            case ENOENT: "does not exist"
            case ENOTDIR: "is not a directory"
            case EACCES: "may not be entered"
            default: "cannot be used (\(describe(code)))"
            }
        return SpawnFailure(
            .badWorkingDirectory, "The working directory \(path) \(trouble). Create it or correct `cwd`.")
    }

    /// At most 256 bytes, and only if they are text.
    private static func firstLine(of path: String) -> String? {
        let fd = csp_open_read(path)
        guard fd >= 0 else { return nil }
        defer { close(fd) }
        var buffer = [UInt8](repeating: 0, count: 256)
        let count = buffer.withUnsafeMutableBytes { read(fd, $0.baseAddress, $0.count) }
        guard count > 0 else { return nil }
        return String(validating: buffer.prefix(count).prefix { $0 != 0x0A }, as: UTF8.self)
    }

    static func describe(_ code: Int32) -> String { strerror(code).map { String(cString: $0) } ?? "error \(code)" }
}

/// The steps of `csp_spawn` that are told apart in messages.
private enum CSpawnStage {
    case exec, workingDirectory, sandbox, timeout, other

    init(_ raw: Int32) {
        self =
            switch UInt32(bitPattern: raw) {
            case CSP_STAGE_EXEC.rawValue: .exec
            case CSP_STAGE_CHDIR.rawValue: .workingDirectory
            case CSP_STAGE_SANDBOX.rawValue: .sandbox
            case CSP_STAGE_TIMEOUT.rawValue: .timeout
            default: .other
            }
    }
}
