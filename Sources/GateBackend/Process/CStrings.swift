/// NULL-terminated arrays of C strings, as execve wants them.
enum CStrings {
    typealias Array = UnsafePointer<UnsafeMutablePointer<CChar>?>

    /// The pointers are valid during `body` only.
    static func with(_ strings: [String], _ body: (Array?) -> Void) {
        var bytes: [CChar] = []
        var offsets: [Int] = []
        for string in strings {
            offsets.append(bytes.count)
            bytes.append(contentsOf: string.utf8CString)
        }
        bytes.withUnsafeMutableBufferPointer { buffer in
            var pointers: [UnsafeMutablePointer<CChar>?] = offsets.map { buffer.baseAddress?.advanced(by: $0) }
            pointers.append(nil)
            pointers.withUnsafeBufferPointer { body($0.baseAddress) }
        }
    }
}
