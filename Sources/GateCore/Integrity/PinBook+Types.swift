extension PinBook {
    package enum Standing: Int, Sendable {
        case waiting = 0
        case approved = 1
        case rejected = 2
    }

    /// One definition of a tool that was seen.
    package struct Version: Sendable, Equatable {
        package let digest: DefinitionDigest
        /// Whether the tool was first seen in this form.
        package let isFirst: Bool
        package var standing: Standing
        /// When it was first seen; milliseconds since 1970.
        package let seen: Int
        /// When it was approved or rejected.
        package var decided: Int?

        package init(
            _ digest: DefinitionDigest, isFirst: Bool, standing: Standing, seen: Int, decided: Int? = nil
        ) {
            self.digest = digest
            self.isFirst = isFirst
            self.standing = standing
            self.seen = seen
            self.decided = decided
        }
    }

    /// A tool as it has just been listed.
    package struct Sighting: Sendable {
        package let tool: String
        package let digest: DefinitionDigest
        /// Whether something about it is suspicious, so that it is not approved by being seen.
        package let isFlagged: Bool

        package init(_ tool: String, _ digest: DefinitionDigest, isFlagged: Bool = false) {
            self.tool = tool
            self.digest = digest
            self.isFlagged = isFlagged
        }
    }

    /// A definition that was not seen before and is worth a word.
    package struct News: Sendable, Equatable {
        package let tool: String
        package let digest: DefinitionDigest
        /// What it is compared with; nil for a new tool.
        package let previous: DefinitionDigest?
        package let isHeld: Bool
    }

    /// What follows from a listing.
    package struct Judgement: Sendable {
        package var holds: [ExactText: ToolHold] = [:]
        package var news: [News] = []
        /// To be kept.
        package var added: [(tool: String, version: Version)] = []
        /// To be forgotten.
        package var dropped: [(tool: String, digest: DefinitionDigest)] = []
    }

    package enum Refusal: Error, Sendable, Equatable {
        case unknownTool
        /// It is not what the server offers now; what that is.
        case changedAgain(DefinitionDigest)
    }
}
