"""Parts of the target ``power``: what is decided for instances, and how groups are parked and woken."""
