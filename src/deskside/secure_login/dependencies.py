"""The services that handlers take by name, as the composition provides them."""

from __future__ import annotations

from litestar.di import NamedDependency

from deskside.directory.service import DirectoryService
from deskside.foundation.clock import Clock
from deskside.foundation.config import Config
from deskside.foundation.database import Database
from deskside.secure_login.helpdesk.service import Helpdesk
from deskside.secure_login.orders.fulfilment import Fulfilment
from deskside.secure_login.orders.returning import Returns
from deskside.secure_login.orders.service import Orders
from deskside.secure_login.seeds.jobs import ImportJobs
from deskside.secure_login.service import LoginService
from deskside.secure_login.sharing.review import Reviews
from deskside.secure_login.sharing.service import Sharing

TheClock = NamedDependency[Clock]
TheConfig = NamedDependency[Config]
TheDatabase = NamedDependency[Database]
TheDirectory = NamedDependency[DirectoryService]
TheLogin = NamedDependency[LoginService]
TheImports = NamedDependency[ImportJobs]
TheHelpdesk = NamedDependency[Helpdesk]
TheSharing = NamedDependency[Sharing]
TheOrders = NamedDependency[Orders]
TheFulfilment = NamedDependency[Fulfilment]
TheReturns = NamedDependency[Returns]
TheReviews = NamedDependency[Reviews]
