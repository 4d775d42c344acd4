/// Why a license server brought nothing. Nothing follows from it but words.
package enum LicenseFailure: Error, Sendable, Equatable {
    /// It could not be reached, or gave no answer in time.
    case unreachable(String)
    /// What came is not what a license server says: nothing of it counts.
    case invalid(String)
    /// It said no, in words for people. They are not signed, so the license stays as it is.
    case declined(AuthorityRefusal)
    /// No key is trusted, so nothing that it says could be believed.
    case noKeys

    /// Whether somebody may have tried to deceive: the operator should hear of it.
    package var isSuspicious: Bool { if case .invalid = self { true } else { false } }

    package var words: String {
        switch self {
        case .unreachable(let why): "the license server could not be asked: \(why)"
        case .invalid(let why): "the answer of the license server does not count: \(why)"
        case .declined(let refusal): "the license server says no: \(refusal.message) (\(refusal.code.rawValue))"
        case .noKeys:
            "no key is known with which license servers sign; set trusted_keys in [license] to what your license authority shows"
        }
    }
}
